import { parse } from '../soak/exposition.mjs';

/** What an answer lacks of the numbers of the sound owners, as a text; undefined if it has them all. */
export function shortfall(answer, owners) {
  const values = typeof answer === 'string' ? parse(answer) : valuesOf(answer);
  for (const { name, counted } of owners) {
    const labels = `owner="${name}",part=""`;
    const expected = {
      [`jobs_total{${labels}}`]: counted,
      [`busy{${labels}}`]: 1,
      [`seconds_bucket{le="0.25",${labels}}`]: counted,
      [`seconds_count{${labels}}`]: counted,
      [`seconds_sum{${labels}}`]: counted / 4,
      [`sizes_count{${labels}}`]: counted,
      [`sizes_sum{${labels}}`]: 2 * counted,
    };
    for (const [key, least] of Object.entries(expected)) {
      if (!(values.get(key) >= least)) return `${key} is ${values.get(key)} and not ${least}`;
    }
  }
  return undefined;
}

/** Of what getGroupMetricsAsJSON() returns, by the same keys. */
function valuesOf(families) {
  const values = new Map();
  for (const family of families) {
    for (const { metricName = family.name, labels, value } of family.values) {
      const texts = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
      values.set(`${metricName}{${texts.sort().join(',')}}`, value);
    }
  }
  return values;
}
