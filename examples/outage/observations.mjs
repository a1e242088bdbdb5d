// The answers of both replicas for each moment of the course, beside the truth.

/** Those of the generator: 404 is what the course asks an instance for until it serves. */
const requests = 'http_requests_total{status_code!="404"}';

/** `begin` and `end` are in seconds, as all times here; `window` is the range of the rates. */
export async function observe({ replicas, generator, begin, end, window, step }) {
  const range = { from: begin, to: end, step };
  const truth = times(range).map((time) => [
    time,
    generator.count(1000 * (time - window), 1000 * time) / window,
  ]);
  return { truth, replicas: await Promise.all(replicas.map((replica) => ofReplica(replica, range, window))) };
}

async function ofReplica(replica, range, window) {
  const run = Math.ceil(range.to - range.from) + window;
  const [rate, increase, byInstance, living] = await Promise.all(
    [
      `sum(rate(${requests}[${window}s]))`,
      `sum(increase(${requests}[${window}s]))`,
      `sum by (instance) (rate(${requests}[${window}s]))`,
      'sum(prom_client_mmap_owners{state="live"})',
    ].map((expression) => replica.queryRange(expression, range)),
  );
  const scrapes = await scrapesOf(replica, run);
  const at = async (expression) => {
    const found = await replica.query(expression);
    return new Map(found.map(({ metric, value }) => [metric.instance, value]));
  };
  return {
    rate: rate[0]?.values ?? [],
    increase: increase[0]?.values ?? [],
    byInstance: byInstance.map(({ metric, values }) => ({ instance: metric.instance, values })),
    living: living[0]?.values ?? [],
    /** Over the whole course, by instance: the last value of the counters, their increase, and their resets. */
    last: await at(`sum by (instance) (last_over_time(${requests}[${run}s]))`),
    increased: await at(`sum by (instance) (increase(${requests}[${run}s]))`),
    resets: await at(`sum by (instance) (resets(${requests}[${run}s]))`),
    scrapes,
  };
}

/** Begin and duration, in milliseconds, of each scrape that has all series of the requests; by instance. */
async function scrapesOf(replica, run) {
  const durations = new Map();
  for (const { metric, values } of await replica.samples(`scrape_duration_seconds[${run}s]`)) {
    durations.set(metric.instance, new Map(values));
  }
  const whole = new Map();
  for (const { metric, values } of await replica.samples(`${requests}[${run}s]`)) {
    const { instance } = metric;
    const times = values.map(([time]) => time);
    // A new instance gets its first request of a path, and so its series, between two scrapes.
    const before = whole.get(instance);
    whole.set(instance, before === undefined || before.length > times.length ? times : before);
  }
  const withDuration = (instance) => (time) => ({
    time: Math.round(1000 * time),
    duration: 1000 * durations.get(instance).get(time),
  });
  return new Map([...whole].map(([instance, times]) => [instance, times.map(withDuration(instance))]));
}

function times({ from, to, step }) {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}
