import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../multiprocess/support/member';

// Applications and tests replace globals and modules of Node. What prom-client does not need, this library must not need either.

const mock = `
  const Module = require('node:module');
  const load = Module._load;
  const mock = (names, exports) => {
    Module._load = (name, ...rest) => (names.test(name) ? exports : load(name, ...rest));
  };
  const automatic = new Proxy({}, { get: () => () => undefined });
`;

/** Set before the library is loaded. */
const mocks: Record<string, string> = {
  'a mocked node:crypto': 'mock(/^(node:)?crypto$/, automatic);',
  'a node:crypto of one function': "mock(/^(node:)?crypto$/, { randomUUID: () => 'id' });",
  'an empty node:util': 'mock(/^(node:)?util$/, {});',
  'an empty node:path': 'mock(/^(node:)?path$/, {});',
};

const globals: Record<string, string> = {
  'no global performance': 'delete globalThis.performance;',
  'another Promise': 'globalThis.Promise = class extends Promise {};',
  'a Promise that is none of the engine': `
    const real = Promise;
    globalThis.Promise = class {
      static all = (list) => real.all(list);
      static resolve = (value) => real.resolve(value);
      constructor(run) { return new real(run); }
    };`,
  'timers that are numbers': `
    const start = setInterval;
    globalThis.setInterval = (...of) => { start(...of).unref(); return 1; };`,
  'timers that never run': 'globalThis.setInterval = globalThis.setTimeout = () => undefined;',
};

const application = `
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, register, Summary } = library;
  const help = 'h';
  new Counter({ name: 'orders_total', help, labelNames: ['a'] }).inc({ a: 'x' });
  new Gauge({ name: 'async', help, async collect() { this.set(4); await null; } });
  new Histogram({ name: 'seconds', help, buckets: [1, 2] }).observe(1.5);
  new Summary({ name: 'sizes', help, percentiles: [] }).observe(2);
  const registry = new Registry();
  new Gauge({ name: 'own', help, registers: [registry] }).set(2);
  (async () => {
    const found = [await register.metrics(), await registry.metrics(), await register.getMetricsAsJSON()];
    collectDefaultMetrics();
    found.push(/^process_cpu_seconds_total /m.test(await register.metrics()));
    console.log(JSON.stringify(found));
  })();
`;

async function run(library: string, setting: string, env = process.env): Promise<unknown> {
  const path = library === 'prom-client' ? createRequire(__filename).resolve(library) : root;
  const program = `${mock} ${setting} const library = require(${JSON.stringify(path)}); ${application}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { env, timeout: 60_000 });
  return JSON.parse(stdout);
}

test.each(Object.entries(globals))(
  'an application with %s shows what it shows with prom-client',
  async (_, setting) => {
    const expected = await run('prom-client', setting);

    expect(await run('prom-client-mmap', setting)).toEqual(expected);
  },
);

test.each(Object.entries(mocks))(
  'a test with %s shows what it shows with prom-client',
  async (_, setting) => {
    const expected = await run('prom-client', setting);

    // As in the threads of test runners.
    const env = { ...process.env, PROM_CLIENT_MMAP_SHARED: '0' };
    expect(await run('prom-client-mmap', setting, env)).toEqual(expected);
  },
);
