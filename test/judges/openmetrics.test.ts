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

const native = 'schema:3,zero_threshold:1e-128,zero_count:1';

test.each([
  eof,
  `# TYPE "a b" counter\n# HELP "a b" h\n{"a b","c d"="e"} 1 st@1.5 # {t="x"} 1 2\n{"a b"} 2\n${eof}`,
  `# TYPE a_seconds_total counter\n# UNIT a_seconds_total seconds\n# HELP a_seconds_total h\na_seconds_total 1\n${eof}`,
  `${head('counter')}a 1 1520879607.789 st@1520430000.123 # {trace_id="x"} 0.67 1520879606.1\n${eof}`,
  `${head('gauge')}a NaN\n${eof}`,
  `${head('summary')}a {count:0,sum:0,quantile:[]}\na{b="c"} {count:1,sum:0.5,quantile:[0.5:1,0.99:NaN]} st@1\n${eof}`,
  `${head('histogram')}a {count:3,sum:-4,bucket:[-Inf:0,1.0:2,+Inf:3]} st@1 # {} 1 2 # {b="c"} 3 4\n${eof}`,
  `${head('histogram')}a {count:6,sum:1,${native},negative_spans:[-1:1],negative_buckets:[2],positive_spans:[0:1,3:1],positive_buckets:[2,1]}\n${eof}`,
  `${head('histogram')}a {count:1,sum:0,${native},bucket:[1.0:1,+Inf:1]}\n${eof}`,
])('OpenMetrics 2.0 is judged to be sound: %j', (text) => {
  expect(openMetricsProblem(text, 2)).toBeUndefined();
});

test.each<[why: string, text: string]>([
  ['no end', head('gauge')],
  ['a sample of another name', `${head('counter')}a_total 1\n${eof}`],
  ['lines of version 1', `${head('histogram')}a_bucket{le="+Inf"} 1\n${eof}`],
  ['a number for a histogram', `${head('histogram')}a 1\n${eof}`],
  ['a value in braces for a gauge', `${head('gauge')}a {count:0,sum:0,quantile:[]}\n${eof}`],
  ['a space in a value', `${head('summary')}a {count:0, sum:0,quantile:[]}\n${eof}`],
  ['a summary without quantiles', `${head('summary')}a {count:0,sum:0}\n${eof}`],
  ['a sum before the count', `${head('summary')}a {sum:0,count:0,quantile:[]}\n${eof}`],
  ['a sum below 0', `${head('summary')}a {count:1,sum:-1,quantile:[]}\n${eof}`],
  ['no bucket +Inf', `${head('histogram')}a {count:1,sum:1,bucket:[1.0:1]}\n${eof}`],
  ['another count than that of +Inf', `${head('histogram')}a {count:2,sum:1,bucket:[+Inf:1]}\n${eof}`],
  ['bounds that fall', `${head('histogram')}a {count:1,sum:1,bucket:[2.0:1,1.0:1,+Inf:1]}\n${eof}`],
  [
    'another count than the sum of exponential buckets',
    `${head('histogram')}a {count:2,sum:1,${native}}\n${eof}`,
  ],
  [
    'fewer buckets than the spans have',
    `${head('histogram')}a {count:2,sum:1,${native},positive_spans:[0:2],positive_buckets:[1]}\n${eof}`,
  ],
  [
    'a second span that goes back',
    `${head('histogram')}a {count:3,sum:1,${native},positive_spans:[0:1,-2:1],positive_buckets:[1,1]}\n${eof}`,
  ],
  [
    'a schema out of range',
    `${head('histogram')}a {count:0,sum:1,schema:9,zero_threshold:0,zero_count:0}\n${eof}`,
  ],
  ['an exemplar without a time', `${head('counter')}a 1 # {} 1\n${eof}`],
  ['a start time after an exemplar', `${head('counter')}a 1 # {} 1 2 st@1\n${eof}`],
  ['a start time of a gauge', `${head('gauge')}a 1 st@1\n${eof}`],
  ['a series twice', `${head('counter')}a{b="c",d="e"} 1\na{d="e",b="c"} 1\n${eof}`],
])('OpenMetrics 2.0 is refused with %s', (_, text) => {
  expect(openMetricsProblem(text, 2)).toBeTypeOf('string');
});
