export function median(values) {
  return quantile(values, 0.5);
}

/** Half of the distance between the quartiles, as a fraction of the median. */
export function spread(values) {
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values);
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}
