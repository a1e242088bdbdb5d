import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startApplication } from './support/application';
import { newDirectory, segmentsIn } from './support/directories';
import { valuesOf } from './support/exposition';
import { root } from './support/member';

/** The file of an application that answers for the registries `open` and `secret`, of which worker 1 uses the other one first. */
const usesBoth = `
  import { Counter } from 'prom-client-mmap';
  export function use(open, secret) {
    const uses = [
      () => new Counter({ name: 'orders_total', help: 'h', registers: [open] }).inc(1),
      () => new Counter({ name: 'keys_total', help: 'h', registers: [secret] }).inc(10),
    ];
    if (process.env.WORKER === '1') uses.reverse();
    for (const use of uses) use();
    answer({ '/open': () => open.metrics(), '/secret': () => secret.metrics() });
  }
`;

const importBoth = `
  import { Registry } from 'prom-client-mmap';
  import { use } from './use.mjs';
`;

const madeOnce: readonly [string, Record<string, string>][] = [
  [
    'by an ES module',
    {
      'main.mjs': `${importBoth} const open = new Registry(); const secret = new Registry(); use(open, secret);`,
    },
  ],
  [
    'by a CommonJS module that is loaded from another place in each worker',
    {
      'main.cjs': `
        if (process.env.WORKER === '1') require('./metrics.cjs');
        const { open, secret } = require('./metrics.cjs');
        import('./use.mjs').then(({ use }) => use(open, secret));
      `,
      'metrics.cjs': `
        const { Registry } = require('prom-client-mmap');
        exports.open = new Registry();
        exports.secret = new Registry();
      `,
    },
  ],
  [
    'by one function, called twice',
    {
      'main.mjs': `
        ${importBoth}
        const make = () => new Registry();
        const open = make();
        const secret = make();
        use(open, secret);
      `,
    },
  ],
  [
    'by the factory of a plugin',
    {
      'main.mjs': `
        import { plugin } from 'some-plugin';
        import { use } from './use.mjs';
        const [open, secret] = [plugin({ prefix: 'a' }), plugin({ prefix: 'b' })];
        use(open.registry, secret.registry);
      `,
      'node_modules/some-plugin/package.json': '{ "name": "some-plugin", "main": "dist/index.cjs" }',
      'node_modules/some-plugin/dist/index.cjs': `
        const { Registry } = require('prom-client-mmap');
        class Plugin {
          constructor(options) {
            this.options = { registry: new Registry(), ...options };
          }
          get registry() { return this.options.registry; }
        }
        exports.plugin = (options) => new Plugin(options);
      `,
    },
  ],
  [
    'by the constructors of classes',
    {
      'main.mjs': `
        ${importBoth}
        class Metrics {
          registry = new Registry();
        }
        class Service {
          constructor() {
            this.metrics = new Metrics();
          }
        }
        const services = { open: new Service(), secret: new Service() };
        use(services.open.metrics.registry, services.secret.metrics.registry);
      `,
    },
  ],
  [
    'by an asynchronous function that starts the application',
    {
      'main.mjs': `
        ${importBoth}
        import { setTimeout } from 'node:timers/promises';
        async function start() {
          await setTimeout(process.env.WORKER === '1' ? 1 : 30);
          const open = new Registry();
          await null;
          const secret = new Registry();
          use(open, secret);
        }
        start();
      `,
    },
  ],
  [
    'by callbacks at the start',
    {
      'main.cjs': `
        const { Registry } = require('prom-client-mmap');
        const { execFile } = require('node:child_process');
        execFile(process.execPath, ['--version'], () => {
          const open = new Registry();
          setTimeout(() => {
            const secret = new Registry();
            import('./use.mjs').then(({ use }) => use(open, secret));
          }, 1);
        });
      `,
    },
  ],
  [
    'by the providers of a container',
    {
      'main.mjs': `
        ${importBoth}
        class Open { registry = new Registry(); }
        class Secret { registry = new Registry(); }
        class Container {
          #made = new Map();
          async create(providers) {
            await Promise.all(providers.map((provider) => this.make(provider)));
            return this;
          }
          async make(Provider) {
            await null;
            this.#made.set(Provider, new Provider());
          }
          get(Provider) { return this.#made.get(Provider); }
        }
        async function bootstrap() {
          const order = process.env.WORKER === '1' ? [Secret, Open] : [Open, Secret];
          const container = await new Container().create(order);
          use(container.get(Open).registry, container.get(Secret).registry);
        }
        await bootstrap();
      `,
    },
  ],
];

describe('registries that each process makes once are merged, whatever their order, when they are made', () => {
  test.each(madeOnce)('%s', async (_, files) => {
    const workers = await startApplication({ ...files, 'use.mjs': usesBoth });

    for (const worker of workers) {
      expect(valuesOf(await worker.get('/open'))).toEqual(new Map([['orders_total{}', 2]]));
      expect(valuesOf(await worker.get('/secret'))).toEqual(new Map([['keys_total{}', 20]]));
      expect(worker.warnings).toEqual([]);
    }
  });
});

/** An exporter that measures 5 for db and 100 for cache, and answers with a registry of its own for each target. */
const exporter = `
  import { Gauge, Registry } from 'prom-client-mmap';
  import { setTimeout } from 'node:timers/promises';
  const values = { db: 5, cache: 100, queue: 7, disk: 9 };
  export async function measure(registry, target) {
    await setTimeout(1);
    new Gauge({ name: 'probe_ms', help: 'h', registers: [registry] }).set(values[target]);
  }
  export async function probe(target) {
    const registry = new Registry();
    await measure(registry, target);
    return registry.metrics();
  }
`;

const importExporter = `
  import { Gauge, Registry } from 'prom-client-mmap';
  import { measure, probe } from './exporter.mjs';
`;

const madeAgain: readonly [string, string][] = [
  ['for each request', `${importExporter} answer({ '/probe': ({ target }) => probe(target) });`],
  [
    'for each request after an await',
    `${importExporter}
    answer({
      '/probe': async ({ target }) => {
        await null;
        return probe(target);
      },
    });`,
  ],
  [
    'for the first request for each target',
    `${importExporter}
    const registries = new Map();
    async function registryFor(target) {
      const registry = registries.get(target) ?? new Registry();
      if (!registries.has(target)) await measure(registry, target);
      registries.set(target, registry);
      return registry;
    }
    answer({ '/probe': async ({ target }) => (await registryFor(target)).metrics() });`,
  ],
  [
    'in a loop at the start',
    `${importExporter}
    const registries = {};
    for (const target of ['db', 'cache', 'queue', 'disk']) registries[target] = new Registry();
    await Promise.all(Object.entries(registries).map(([target, registry]) => measure(registry, target)));
    answer({ '/probe': ({ target }) => registries[target].metrics() });`,
  ],
  [
    'by the module itself, and then again for each request',
    `${importExporter}
    let first = await probe('db');
    answer({ '/probe': ({ target }) => probe(target) });`,
  ],
  [
    'at an interval',
    `${importExporter}
    const texts = {};
    const targets = process.env.WORKER === '0' ? ['db', 'cache'] : ['cache', 'db'];
    let number = 0;
    const timer = setInterval(() => {
      const registry = new Registry();
      const target = targets[number++];
      measure(registry, target).then(async () => {
        texts[target] = await registry.metrics();
        if (number < 2) return;
        clearInterval(timer);
        answer({ '/probe': ({ target }) => texts[target] });
      });
    }, 20);`,
  ],
];

describe('registries that are made again and again show their own metrics, when they are made', () => {
  test.each(madeAgain)('%s', async (_, main) => {
    const [one, other] = await startApplication({ 'main.mjs': main, 'exporter.mjs': exporter });
    // Worker 0 sees the other target first.
    for (const [db, cache] of [
      [one, other],
      [one, other],
      [other, one],
      [other, one],
    ]) {
      expect(valuesOf((await db?.get('/probe?target=db')) ?? '')).toEqual(new Map([['probe_ms{}', 5]]));
      expect(valuesOf((await cache?.get('/probe?target=cache')) ?? '')).toEqual(
        new Map([['probe_ms{}', 100]]),
      );
    }
  });
});

const both = {
  'main.mjs': `
    ${importBoth}
    const make = () => new Registry();
    const open = make();
    const secret = make();
    use(open, secret);
  `,
  'use.mjs': usesBoth,
};

describe('the place of a registry is found', () => {
  test.each<[string, string, string[]]>([
    ['without a stack trace', 'Error.stackTraceLimit = 0;', []],
    ['without a stack trace by an option of V8', '', ['--stack-trace-limit=0']],
    ['where the property is missing', 'delete Error.stackTraceLimit;', []],
    ['with a formatting function of the application', "Error.prepareStackTrace = () => 'none';", []],
    ['with source maps', '', ['--enable-source-maps']],
    ['where Error is frozen', 'Object.freeze(Error);', []],
  ])('%s', async (_, settings, execArgv) => {
    const [main = '', use = ''] = Object.values(both);
    const files = {
      'main.mjs': `import './settings.mjs'; ${main}
        answer({
          '/open': () => open.metrics(),
          '/secret': () => secret.metrics(),
          '/settings': () => String(Error.stackTraceLimit) + String(Error.prepareStackTrace),
        });`,
      'settings.mjs': `${settings} globalThis.settings = String(Error.stackTraceLimit) + String(Error.prepareStackTrace);`,
      'use.mjs': use.replace(/answer\(.*/, ''),
    };
    const [worker] = await startApplication(files, { execArgv });

    expect(valuesOf((await worker?.get('/open')) ?? '')).toEqual(new Map([['orders_total{}', 2]]));
    expect(valuesOf((await worker?.get('/secret')) ?? '')).toEqual(new Map([['keys_total{}', 20]]));
  });
});

test('registries in a merge keep what they are', async () => {
  const workers = await startApplication({
    'main.mjs': `
      import { Counter, Gauge, Registry } from 'prom-client-mmap';
      const open = new Registry();
      new Counter({ name: 'orders_total', help: 'h', registers: [open] }).inc();
      const merged = Registry.merge([open]);
      new Counter({ name: 'merged_total', help: 'h', registers: [merged] }).inc(3);
      answer({
        '/merged': () => merged.metrics(),
        '/target': ({ value }) => {
          const own = new Registry();
          new Gauge({ name: 'probe_ms', help: 'h', registers: [own] }).set(Number(value));
          return Registry.merge([open, own]).metrics();
        },
      });
    `,
  });

  for (const [i, worker] of workers.entries()) {
    expect(valuesOf(await worker.get('/merged'))).toEqual(
      new Map([
        ['orders_total{}', 2],
        ['merged_total{}', 6],
      ]),
    );
    for (const value of [i, i + 10]) {
      expect(valuesOf(await worker.get(`/target?value=${value}`))).toEqual(
        new Map([
          ['orders_total{}', 2],
          ['probe_ms{}', value],
        ]),
      );
    }
  }
});

test('setRegistries() adds up whatever is chosen, and private registries stay private', async () => {
  const workers = await startApplication({
    'main.mjs': `
      import { AggregatorRegistry, Counter, Registry } from 'prom-client-mmap';
      const made = [];
      const make = (name) => {
        const registry = new Registry();
        new Counter({ name, help: 'h', registers: [registry] }).inc();
        made.push(registry);
        AggregatorRegistry.setRegistries(made);
      };
      make('alone_total');
      answer({
        '/chosen': () => new AggregatorRegistry().clusterMetrics(),
        '/own': ({ number }) => made[number].metrics(),
        '/again': () => {
          for (const name of ['first_total', 'second_total']) make(name);
        },
      });
    `,
  });
  const all = async (path: string): Promise<Map<string, number>[]> =>
    Promise.all(workers.map(async (worker) => valuesOf(await worker.get(path))));
  const twice = <T>(value: T): T[] => [value, value];

  expect(await all('/chosen')).toEqual(twice(new Map([['alone_total{}', 2]])));
  expect(await all('/own?number=0')).toEqual(twice(new Map([['alone_total{}', 2]])));
  await Promise.all(workers.map((worker) => worker.get('/again')));

  const chosen = new Map(['alone_total{}', 'first_total{}', 'second_total{}'].map((name) => [name, 2]));
  expect(await all('/chosen')).toEqual(twice(chosen));
  expect(await all('/own?number=0')).toEqual(twice(new Map([['alone_total{}', 2]])));
  expect(await all('/own?number=1')).toEqual(twice(new Map([['first_total{}', 1]])));
});

test('a registry that becomes private stays in the choice of setRegistries()', async () => {
  const workers = await startApplication({
    'main.mjs': `
      import { AggregatorRegistry, Counter, Registry } from 'prom-client-mmap';
      const registries = [1, 2].map((number) => {
        const registry = new Registry();
        registry.setDefaultLabels({ number });
        new Counter({ name: 'jobs_total', help: 'h', registers: [registry] }).inc(number);
        AggregatorRegistry.setRegistries(registry);
        return registry;
      });
      AggregatorRegistry.setRegistries(registries);
      answer({
        '/chosen': () => new AggregatorRegistry().clusterMetrics(),
        '/own': () => registries[0].metrics(),
      });
    `,
  });

  for (const worker of workers) {
    expect(valuesOf(await worker.get('/chosen'))).toEqual(
      new Map([
        ['jobs_total{number="1"}', 2],
        ['jobs_total{number="2"}', 4],
      ]),
    );
    expect(valuesOf(await worker.get('/own'))).toEqual(new Map([['jobs_total{number="1"}', 1]]));
  }
});

test('default labels, clear() and use again, and metrics of several registries', async () => {
  const workers = await startApplication({
    'main.mjs': `
      import { Counter, Registry, register } from 'prom-client-mmap';
      const open = new Registry();
      open.setDefaultLabels({ app: 'shop' });
      const secret = new Registry(undefined, { shared: false });
      new Counter({ name: 'old_total', help: 'h', registers: [open] }).inc();
      open.clear();
      open.setDefaultLabels({ app: 'mall' });
      const counter = new Counter({ name: 'new_total', help: 'h', registers: [open, secret, register] });
      counter.inc(Number(process.env.WORKER) + 1);
      const late = new Counter({ name: 'late_total', help: 'h', registers: [secret] });
      late.inc();
      answer({
        '/open': () => open.metrics(),
        '/secret': () => secret.metrics(),
        '/global': () => register.metrics(),
        '/share': () => open.registerMetric(late),
      });
    `,
  });
  const valuesAt = async (path: string): Promise<Map<string, number>[]> =>
    Promise.all(workers.map(async (worker) => valuesOf(await worker.get(path))));

  expect(await valuesAt('/open')).toEqual(workers.map(() => new Map([['new_total{app="mall"}', 3]])));
  expect(await valuesAt('/global')).toEqual(workers.map(() => new Map([['new_total{}', 3]])));
  const own = workers.map(
    (_, i) =>
      new Map([
        ['new_total{}', i + 1],
        ['late_total{}', 1],
      ]),
  );
  expect(await valuesAt('/secret')).toEqual(own);

  await Promise.all(workers.map((worker) => worker.get('/share')));
  const shared = new Map([
    ['new_total{app="mall"}', 3],
    ['late_total{app="mall"}', 2],
  ]);
  expect(await valuesAt('/open')).toEqual([shared, shared]);
  expect(await valuesAt('/secret')).toEqual(own);
});

test('a registry that a request overtook is shared as soon as another process has it', async () => {
  const [early, late] = await startApplication({
    'main.mjs': `
      import { Counter, Registry } from 'prom-client-mmap';
      let begin;
      const ready = new Promise((resolve) => {
        begin = resolve;
      });
      let registry;
      async function start() {
        await ready;
        registry = new Registry();
        new Counter({ name: 'orders_total', help: 'h', registers: [registry] }).inc();
      }
      start();
      if (process.env.WORKER === '0') begin();
      answer({ '/begin': () => begin(), '/open': () => registry.metrics() });
    `,
  });
  await late?.get('/begin');

  const expected = new Map([['orders_total{}', 2]]);
  for (const worker of [early, late]) {
    await expect.poll(async () => valuesOf((await worker?.get('/open')) ?? '')).toEqual(expected);
  }
});

test('the threads of all workers share the registry that each of them makes once', async () => {
  const workers = await startApplication({
    'main.mjs': `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { open } from './metrics.mjs';
      const thread = new Worker(new URL('./thread.mjs', import.meta.url), { execArgv: [] });
      await once(thread, 'message');
      answer({ '/open': () => open.metrics() });
    `,
    'thread.mjs': `
      import { parentPort } from 'node:worker_threads';
      import './metrics.mjs';
      parentPort.postMessage('ready');
      parentPort.on('message', () => undefined);
    `,
    'metrics.mjs': `
      import { Counter, Registry } from 'prom-client-mmap';
      export const open = new Registry();
      new Counter({ name: 'orders_total', help: 'h', registers: [open] }).inc();
    `,
  });

  for (const worker of workers) {
    expect(valuesOf(await worker.get('/open'))).toEqual(new Map([['orders_total{}', 4]]));
  }
});

test('a private registry that stays is warned about once, where others count', async () => {
  const [worker, other] = await startApplication({
    'main.mjs': `
      import { Gauge, Registry } from 'prom-client-mmap';
      const registries = new Map();
      const make = (target) => {
        const registry = target === 'quiet' ? new Registry(undefined, { shared: false }) : new Registry();
        new Gauge({ name: 'probe_ms', help: 'h', registers: [registry] }).set(5);
        registries.set(target, registry);
      };
      answer({
        '/once': () => make('once'),
        '/probe': ({ target }) => {
          if (!registries.has(target)) make(target);
          return registries.get(target).metrics();
        },
      });
    `,
  });
  for (const target of ['quiet', 'db', 'cache', 'once']) await worker?.get(`/probe?target=${target}`);
  await other?.get('/probe?target=quiet');
  const madeAt = performance.now();
  await expect.poll(() => performance.now() - madeAt, { timeout: 2000 }).toBeGreaterThan(1000);
  await worker?.get('/probe?target=quiet');
  expect(worker?.warnings).toEqual([]);
  for (const target of ['db', 'db', 'cache']) {
    expect(valuesOf((await worker?.get(`/probe?target=${target}`)) ?? '')).toEqual(
      new Map([['probe_ms{}', 5]]),
    );
  }
  await other?.get('/probe?target=quiet');

  await expect.poll(() => worker?.warnings).toHaveLength(1);
  expect(worker?.warnings).toEqual([
    { code: 'ERR_REGISTRY_UNNAMED', message: expect.stringMatching(/main\.mjs:5:\d+, because/) },
  ]);
  expect(other?.warnings).toEqual([]);
});

test('20,000 registries that are thrown away leave nothing, and are about as fast as those of prom-client', async () => {
  const directory = newDirectory();
  const [worker] = await startApplication(
    {
      'main.mjs': `
        import { createRequire } from 'node:module';
        import { readdirSync } from 'node:fs';
        import * as ours from 'prom-client-mmap';
        const theirs = createRequire(process.env.ROOT + '/')('prom-client');
        new ours.Counter({ name: 'orders_total', help: 'h' }).inc();
        async function throwAway({ Registry, Gauge }, count) {
          for (let i = 0; i < count; i++) {
            const registry = new Registry();
            new Gauge({ name: 'probe_ms', help: 'h', registers: [registry] }).set(i);
            if (!(await registry.metrics()).endsWith('probe_ms ' + i + '\\n')) throw new Error('wrong');
          }
        }
        async function used() {
          for (let i = 0; i < 3; i++) {
            gc();
            await new Promise(setImmediate);
          }
          const { heapUsed, arrayBuffers } = process.memoryUsage();
          return { bytes: heapUsed + arrayBuffers, descriptors: readdirSync('/proc/self/fd').length };
        }
        async function measured(library) {
          // Until V8 has compiled all that it will.
          await throwAway(library, 20_000);
          const before = await used();
          const start = process.cpuUsage();
          await throwAway(library, 20_000);
          const { user, system } = process.cpuUsage(start);
          const after = await used();
          return {
            ms: (user + system) / 1000,
            bytes: after.bytes - before.bytes,
            descriptors: after.descriptors - before.descriptors,
          };
        }
        answer({
          '/ours': async () => JSON.stringify(await measured(ours)),
          '/theirs': async () => JSON.stringify(await measured(theirs)),
        });
      `,
    },
    { workers: 1, env: { ROOT: root, PROMETHEUS_MULTIPROC_DIR: directory }, execArgv: ['--expose-gc'] },
  );
  const sizes = (): number[] => segmentsIn(directory).map((name) => statSync(join(directory, name)).size);
  const before = sizes();
  const theirs = JSON.parse((await worker?.get('/theirs')) ?? '');
  const ours = JSON.parse((await worker?.get('/ours')) ?? '');

  expect(ours.bytes).toBeLessThan(500_000);
  expect(ours.descriptors).toBe(0);
  expect(sizes()).toEqual(before);
  expect(ours.ms).toBeLessThan(3 * theirs.ms);
});
