import { describe, expect, test } from 'vitest';
import { startApplication } from './support/application';
import { valuesOf } from './support/exposition';

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
