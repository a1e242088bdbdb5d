// One trial of OpenTelemetry's API for one provider: the time of calls, the memory of series, or a scrape of many.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { labelSet } from '../label-sets.mjs';
import { LoopWatch } from '../loop-watch.mjs';
import { timeOf } from '../timing.mjs';
import { open } from './providers.mjs';

const { rival, kind, ...effort } = JSON.parse(process.argv[2]);
const works = { calls, memory, scrape };
process.send(await works[kind](effort), () => process.exit());

/** Nanoseconds of a call, for 100 attribute sets with a new object at each call. */
async function calls({ seconds }) {
  const { meter } = await open(rival, 2000);
  const counter = meter.createCounter('requests');
  const histogram = meter.createHistogram('latency', { unit: 's' });
  const sets = 100;
  const nanoseconds = (call) => {
    const run = () => {
      for (let i = 0; i < sets; i++) call(i);
    };
    return (timeOf(run, seconds) * 1e9) / sets;
  };
  const figures = {
    add: nanoseconds((i) => counter.add(1, labelSet(i))),
    record: nanoseconds((i) => histogram.record(0.2, labelSet(i))),
  };
  if (counter.bind === undefined) return figures;
  const counters = Array.from({ length: sets }, (_, i) => counter.bind(labelSet(i)));
  const histograms = Array.from({ length: sets }, (_, i) => histogram.bind(labelSet(i)));
  return {
    ...figures,
    boundAdd: nanoseconds((i) => counters[i].add(1)),
    boundRecord: nanoseconds((i) => histograms[i].record(0.2)),
  };
}

/** Bytes of a series, on the heap and in files, after a scrape. */
async function memory({ series }) {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc');
  const { meter, scrape, directory } = await open(rival, series + 2);
  const counter = meter.createCounter('requests');
  const histogram = meter.createHistogram('latency', { unit: 's' });
  const used = async () => {
    for (let turn = 0; turn < 4; turn++) {
      collectGarbage();
      await new Promise(setImmediate);
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const files = directory === undefined ? [] : readdirSync(directory);
    const sizes = files.map((file) => statSync(join(directory, file)).size);
    return heapUsed + arrayBuffers + sizes.reduce((sum, size) => sum + size, 0);
  };
  const grown = async (count) => {
    count(labelSet(0));
    await scrape();
    const before = await used();
    for (let i = 1; i <= series; i++) count(labelSet(i));
    await scrape();
    return ((await used()) - before) / series;
  };
  return {
    counter: await grown((labels) => counter.add(1, labels)),
    histogram: await grown((labels) => histogram.record(0.2, labels)),
  };
}

/** Milliseconds of a scrape of `series` series, half of them histograms, and of the longest stop of the event loop meanwhile. */
async function scrape({ series }) {
  const opened = await open(rival, series);
  const counter = opened.meter.createCounter('requests');
  const histogram = opened.meter.createHistogram('latency', { unit: 's' });
  for (let i = 0; i < series / 2; i++) {
    counter.add(1, labelSet(i));
    histogram.record(0.2, labelSet(i));
  }
  await opened.scrape(); // warms up
  const watch = new LoopWatch();
  await new Promise((resolve) => setTimeout(resolve, 50));
  watch.start();
  const start = performance.now();
  const text = await opened.scrape();
  const time = performance.now() - start;
  const stop = watch.stop();
  const lines = text.match(/^requests_total\{/gm)?.length ?? 0;
  if (lines !== series / 2) throw new Error(`expected ${series / 2} counters of ${rival}, but got ${lines}`);
  return { time, stop };
}
