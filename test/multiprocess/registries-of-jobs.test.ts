import { describe, expect, test } from 'vitest';
import { startApplication } from './support/application';
import { valuesOf } from './support/exposition';

// Processes without a server, each with a job of its own: nothing tells that the process has begun its work. A function that makes a
// registry and shows it makes another one the next time.

/** Calls `answerWith(job)`; the job waits until those of both workers have made their registries. */
const jobs = `
  import { existsSync, writeFileSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  import { Gauge, Registry } from 'prom-client-mmap';
  const { WORKER } = process.env;
  export async function both() {
    writeFileSync('made-' + WORKER, '');
    while (!existsSync('made-0') || !existsSync('made-1')) await setTimeout(5);
  }
  export async function measure(registry) {
    new Gauge({ name: 'probe_ms', help: 'h', registers: [registry] }).set(WORKER === '0' ? 5 : 100);
    await both();
  }
  export async function job() {
    const registry = new Registry();
    await measure(registry);
    return registry.metrics();
  }
`;

const imports = `
  import { once } from 'node:events';
  import { Registry } from 'prom-client-mmap';
  import { job, measure } from './jobs.mjs';
  const answerWith = async (job) => {
    const text = await job();
    answer({ '/probe': () => text });
  };
`;

const kinds: readonly [string, string][] = [
  ['a timer', 'setTimeout(() => answerWith(job), 1);'],
  [
    'a datagram',
    `import { createSocket } from 'node:dgram';
    const socket = createSocket('udp4');
    socket.on('message', () => { socket.close(); answerWith(job); });
    socket.bind(0, '127.0.0.1', () => socket.send('x', socket.address().port, '127.0.0.1'));`,
  ],
  [
    'the output of a child',
    `import { spawn } from 'node:child_process';
    const child = spawn('echo', ['job']);
    child.stdout.on('data', () => answerWith(job));`,
  ],
  [
    'a signal',
    `process.once('SIGUSR2', () => answerWith(job));
    process.kill(process.pid, 'SIGUSR2');`,
  ],
  [
    'a message of a thread, after an await',
    `import { Worker } from 'node:worker_threads';
    const thread = new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true });
    thread.on('message', async () => {
      await null;
      answerWith(job);
    });`,
  ],
  [
    'an iteration over events',
    `import { EventEmitter, on } from 'node:events';
    const events = new EventEmitter();
    setTimeout(() => events.emit('job'), 1);
    for await (const _ of on(events, 'job')) {
      setImmediate(() => answerWith(job));
      break;
    }`,
  ],
  [
    'an object',
    `class Probe {
      registry = new Registry();
      async show() {
        await measure(this.registry);
        return this.registry.metrics();
      }
    }
    setTimeout(() => answerWith(() => new Probe().show()), 1);`,
  ],
  [
    'a merge',
    `async function merged() {
      const registry = new Registry();
      await measure(registry);
      return Registry.merge([registry, new Registry()]).metrics();
    }
    setTimeout(() => answerWith(merged), 1);`,
  ],
  [
    'one metric as text',
    `async function one() {
      const registry = new Registry();
      await measure(registry);
      return (await registry.getSingleMetricAsString('probe_ms')) + '\\n';
    }
    setTimeout(() => answerWith(one), 1);`,
  ],
];

describe('a registry that the function of a job makes and shows has its own metrics only, with', () => {
  test.each(kinds)('%s', async (_, main) => {
    const workers = await startApplication({ 'main.mjs': `${imports}${main}`, 'jobs.mjs': jobs });

    for (const [i, worker] of workers.entries()) {
      expect(valuesOf(await worker.get('/probe'))).toEqual(new Map([['probe_ms{}', i === 0 ? 5 : 100]]));
    }
  });
});

/** As compilers write async functions for engines without them. */
const generators = `
  function __awaiter(body) {
    return new Promise((resolve, reject) => {
      function fulfilled(value) { step(generator.next(value)); }
      function step(result) {
        result.done ? resolve(result.value) : Promise.resolve(result.value).then(fulfilled, reject);
      }
      const generator = body();
      step(generator.next());
    });
  }
`;

const shownLater: readonly [string, string][] = [
  [
    'of the engine',
    `
      let registry;
      let isReady = false;
      setTimeout(async () => {
        registry = new Registry();
        await measure(registry);
        isReady = true;
      }, 1);
      const timer = setInterval(async () => {
        if (!isReady) return;
        clearInterval(timer);
        const text = await registry.metrics();
        answer({ '/probe': () => text });
      }, 1);`,
  ],
  [
    'of a compiler',
    `${generators}
      let registry;
      let isReady = false;
      setTimeout(() => __awaiter(function* () {
        yield null;
        registry = new Registry();
        yield measure(registry);
        isReady = true;
      }), 1);
      const timer = setInterval(() => __awaiter(function* () {
        yield null;
        if (!isReady) return;
        clearInterval(timer);
        const text = yield registry.metrics();
        answer({ '/probe': () => text });
      }), 1);`,
  ],
];

test.each(shownLater)(
  'a registry that another async function %s shows later is that of all processes',
  async (_, main) => {
    const workers = await startApplication({
      'main.mjs': `${imports}${main}`,
      'jobs.mjs': jobs,
    });

    for (const worker of workers) {
      expect(valuesOf(await worker.get('/probe'))).toEqual(new Map([['probe_ms{}', 105]]));
    }
  },
);
