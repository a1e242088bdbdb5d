import { expect } from 'vitest';
import { clusterApp, type Outcome, Project } from './project';

// Parts of test files, in JavaScript, for runners that have a function `test`. They fail when they see the metrics of other files.

const text = (name: string, value: number): string =>
  `'# HELP ${name} h\\n# TYPE ${name} counter\\n${name} ${value}\\n'`;

export const own = `
  test('a file sees its own metrics only, and clear() clears', async () => {
    client.register.clear(); // vitest 4.1 keeps the modules of packages in its vm pools, for prom-client as well
    new client.Counter({ name: 'orders_total', help: 'h' }).inc();
    assert.equal(await client.register.metrics(), ${text('orders_total', 1)});
    client.register.clear();
    assert.equal(await client.register.metrics(), '\\n');
    new client.Counter({ name: 'orders_total', help: 'h' }).inc(2);
    assert.equal(await client.register.metrics(), ${text('orders_total', 2)});
  });`;

export const fresh = `
  test('a second copy is a fresh library', async () => {
    for (const path of Object.keys(require.cache)) if (/prom-client-mmap.*js$/.test(path)) delete require.cache[path];
    const fresh = require('prom-client-mmap');
    assert.notEqual(fresh.register, client.register);
    fresh.configure({ maxSeries: 10 });
    assert.equal(await fresh.register.metrics(), '\\n');
  });`;

export const application = `
  test('an application that a test starts is shared', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['app.cjs']);
    assert.match(stdout, /^app_total 42$/m);
  });`;

export const forked = `
  test('a cluster that a test forks is shared', async () => {
    cluster.setupPrimary({ exec: 'worker.cjs', args: [] });
    const workers = [cluster.fork(), cluster.fork()];
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const [[metrics]] = await Promise.all([once(workers[0], 'message'), workers[0].send('scrape')]);
    assert.match(metrics, /^worker_total 42$/m);
    assert.equal(await new client.AggregatorRegistry().clusterMetrics(), metrics);
    client.register.clear();
    assert.equal(await client.register.metrics(), '\\n');
    await Promise.all(workers.map((worker) => Promise.all([once(worker, 'exit'), worker.disconnect()])));
  });`;

export const threads = `
  test('threads that a test starts are shared', async () => {
    const name = 'thread_' + process.pid + '_' + threadId + '_total';
    const start = () => new Worker(new URL('../thread.cjs', import.meta.url), { workerData: name });
    const workers = [start(), start()];
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const [[metrics]] = await Promise.all([once(workers[0], 'message'), workers[0].postMessage('scrape')]);
    // The threads of other files count into the same group meanwhile.
    assert.match(metrics, new RegExp(name + ' 42'));
    assert.match(await new client.WorkerRegistry().workerMetrics(), new RegExp(name + ' 42'));
    await Promise.all(workers.map((worker) => worker.terminate()));
  });`;

export const commonJs = `
  const assert = require('node:assert/strict');
  const cluster = require('node:cluster');
  const { execFile } = require('node:child_process');
  const { once } = require('node:events');
  const { promisify } = require('node:util');
  const client = require('prom-client-mmap');`;

export const modules = `
  import assert from 'node:assert/strict';
  import cluster from 'node:cluster';
  import { execFile } from 'node:child_process';
  import { once } from 'node:events';
  import { createRequire } from 'node:module';
  import { promisify } from 'node:util';
  import { threadId, Worker } from 'node:worker_threads';
  import client from 'prom-client-mmap';
  const require = createRequire(import.meta.url);`;

export const programs = {
  'app.cjs': clusterApp('cjs'),
  'worker.cjs': `
    const { Counter, register } = require('prom-client-mmap');
    new Counter({ name: 'worker_total', help: 'h' }).inc(21);
    process.send('counted');
    process.on('message', async () => process.send(await register.metrics()));`,
  'thread.cjs': `
    const { Counter, register } = require('prom-client-mmap');
    const { parentPort, workerData } = require('node:worker_threads');
    new Counter({ name: workerData, help: 'h' }).inc(21);
    parentPort.postMessage('counted');
    parentPort.on('message', async () => parentPort.postMessage(await register.metrics()));`,
};

/** An application with the same file of tests three times. */
export function projectOf(extension: string, parts: readonly string[], runner?: string): Project {
  const project = new Project(programs);
  for (const number of [1, 2, 3]) project.write(`tests/${number}.test.${extension}`, parts.join('\n'));
  project.install();
  if (runner !== undefined) project.link(runner);
  return project;
}

export function expectPassed({ status, output }: Outcome, passed: string): void {
  expect(output).toContain(passed);
  expect(status, output).toBe(0);
}
