// What the workloads count, made before anything is timed and the same in every process: fixed seeds, no clock.

/** Operations in one call of `run`: each label set ten times. */
export const batch = 6000;

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const routes = Array.from({ length: 24 }, (_, index) => `/api/v1/resource-${index}/:id`);
const statuses = ['200', '201', '302', '404', '500'];

export const labelNames = ['method', 'route', 'status'];

/** The label sets of the labelled workloads. */
export const labelSets = methods.flatMap((method) =>
  routes.flatMap((route) => statuses.map((status) => ({ method, route, status }))),
);

const order = shuffled(
  Array.from({ length: batch }, (_, step) => step % labelSets.length),
  random(1),
);

/** Which label set each step of a batch counts for; and its three values, each in an array of its own. */
export const place = Uint16Array.from(order);
export const method = order.map((index) => labelSets[index].method);
export const route = order.map((index) => labelSets[index].route);
export const status = order.map((index) => labelSets[index].status);

/** The label set of a kept child, and of what a web service sees most. */
export const keptLabels = ['GET', routes[7], '200'];

/** Whole numbers below 1,000, for gauges: their sums are exact. */
export const levels = Float64Array.from(
  { length: batch },
  (
    (next) => () =>
      Math.floor(next() * 1000)
  )(random(2)),
);

/** Seconds as a web service takes them: exponentially distributed around 0.2, so that most buckets get some. */
export const latencies = Float64Array.from(
  { length: batch },
  (
    (next) => () =>
      -0.2 * Math.log(1 - next())
  )(random(3)),
);

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(items, next) {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(next() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
}
