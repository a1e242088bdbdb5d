import { expect, test } from 'vitest';
import { openMetricsProblem } from './openmetrics/index';

const eof = '# EOF\n';
const head = (type: string): string => `# TYPE a ${type}\n# HELP a h\n`;

test.each([
  eof,
  `# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds \\" \\\\ \\n\na_seconds_total 1\na_seconds_created 2.5\n${eof}`,
  `${head('gauge')}a{b="c",d="\\"\\n\\\\ }"} -Inf\na NaN\n${eof}`,
  `${head('counter')}a_total{l="é"} 1e+21 # {t="x\\"y"} 1 1520879607.789\n${eof}`,
  `${head('histogram')}a_bucket{le="1e-05"} 0 # {} 1e-06\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 3\na_sum 4\na_count 3\n${eof}`,
  `${head('summary')}a{quantile="0.5"} NaN\na_sum 0\na_count 0\n${eof}`,
  `# TYPE a unknown\n# TYPE b gauge\n${eof}`,
])('OpenMetrics 1.0 is judged to be sound: %j', (text) => {
  expect(openMetricsProblem(text, 1)).toBeUndefined();
});

test.each<[why: string, text: string]>([
  ['no end', head('gauge')],
  ['text after the end', `${eof}a 1\n`],
  ['an empty line', `${head('gauge')}\n${eof}`],
  ['a comment', `# b\n${eof}`],
  ['a type of Prometheus', `${head('untyped')}${eof}`],
  ['a quotation mark in a help text', `# TYPE a gauge\n# HELP a "\n${eof}`],
  ['prom-client’s spelling of NaN', `${head('gauge')}a Nan2\n${eof}`],
  ['a name with a hyphen', `# TYPE a-b gauge\n${eof}`],
  ['a name in quotation marks', `# TYPE "a" gauge\n${eof}`],
  ['metadata in another order', `# HELP a h\n# TYPE a gauge\n${eof}`],
  ['a unit that the name has not', `# TYPE a counter\n# UNIT a seconds\n# HELP a h\n${eof}`],
  ['a family twice', `${head('gauge')}# TYPE b gauge\n# HELP b h\n${head('gauge')}${eof}`],
  ['a counter without _total', `${head('counter')}a 1\n${eof}`],
  ['a counter that is no number', `${head('counter')}a_total NaN\n${eof}`],
  ['a label twice', `${head('gauge')}a{b="c",b="d"} 1\n${eof}`],
  ['a sample twice', `${head('gauge')}a 1\na 1\n${eof}`],
  ['a series twice', `${head('gauge')}a{b="c",d="e"} 1\na 2\na{d="e",b="c"} 1\n${eof}`],
  ['interleaved series', `${head('summary')}a_sum{b="c"} 1\na_sum{b="d"} 1\na_count{b="c"} 1\n${eof}`],
  ['a bound that is not canonical', `${head('histogram')}a_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\n${eof}`],
  ['no bucket +Inf', `${head('histogram')}a_bucket{le="1.0"} 1\n${eof}`],
  ['counts that fall', `${head('histogram')}a_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\n${eof}`],
  ['a sum without a count', `${head('histogram')}a_bucket{le="+Inf"} 1\na_sum 1\n${eof}`],
  ['another count', `${head('histogram')}a_bucket{le="+Inf"} 1\na_sum 1\na_count 2\n${eof}`],
  [
    'a sum of negative buckets',
    `${head('histogram')}a_bucket{le="-1.0"} 1\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n${eof}`,
  ],
  ['a quantile above 1', `${head('summary')}a{quantile="2.0"} 1\n${eof}`],
  ['an exemplar of a gauge', `${head('gauge')}a 1 # {} 1\n${eof}`],
  [
    'an exemplar outside of its bucket',
    `${head('histogram')}a_bucket{le="1.0"} 1 # {} 2\na_bucket{le="+Inf"} 1\n${eof}`,
  ],
  ['an exemplar of 129 characters', `${head('counter')}a_total 1 # {t="${'é'.repeat(128)}"} 1\n${eof}`],
  ['a value of version 2', `${head('summary')}a {count:0,sum:0,quantile:[]}\n${eof}`],
])('OpenMetrics 1.0 is refused with %s', (_, text) => {
  expect(openMetricsProblem(text, 1)).toBeTypeOf('string');
});
