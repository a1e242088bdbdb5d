// The inputs of the workloads: made before anything is timed, from fixed seeds, and so the same in every process.
import { random, shuffled } from '../../random.mjs';

/** Operations in one call of `run`: ten for each label set. */
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

/** The index of the label set of each step, and its three values. */
export const setIndex = Uint16Array.from(order);
export const method = order.map((index) => labelSets[index].method);
export const route = order.map((index) => labelSets[index].route);
export const status = order.map((index) => labelSets[index].status);

/** The label set of a bound child. */
export const boundLabels = ['GET', routes[7], '200'];

/** Whole numbers below 1,000, for gauges: their sums are exact. */
export const levels = drawn(2, (fraction) => Math.floor(fraction * 1000));

/** Seconds, exponentially distributed around 0.2, so that most buckets of a histogram get some. */
export const latencies = drawn(3, (fraction) => -0.2 * Math.log(1 - fraction));

/** A number for each step of a batch. */
function drawn(seed, draw) {
  const next = random(seed);
  return Float64Array.from({ length: batch }, () => draw(next()));
}
