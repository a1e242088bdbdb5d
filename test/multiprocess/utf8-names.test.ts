import { expect, test } from 'vitest';
import { judged } from '../judges/openmetrics/index';
import { newDirectory } from './support/directories';
import { type Member, spawn } from './support/member';

/** A member whose global registry is read by the addon. Its `bodies()` are those of the addon and of JavaScript. */
async function startMember(directory = newDirectory()): Promise<Member> {
  const member = await spawn({ directory });
  await member.run(({ configure, Counter, Histogram, Gauge, Registry, register }) => {
    configure({ nameValidation: 'utf8' });
    const own = new Registry(undefined, { shared: false });
    Object.assign(globalThis, { own });
    for (const registry of [register, own]) {
      const registers = [registry];
      const labelNames = ['service.name', 'plain'] as const;
      new Counter({ name: 'http.requests_total', help: 'Requests.', labelNames, registers }).inc(
        { 'service.name': 'a"b', plain: 'c' },
        3,
      );
      new Histogram({ name: 'größe "x"', help: 'Sizes.', buckets: [1], registers }).observe(0.5);
      new Gauge({ name: 'usual', help: 'Usual.', registers }).set(1);
      registry.setDefaultLabels({ 'k8s.pod': 'p' });
    }
  });
  return member;
}

function bodiesOf(member: Member, accept?: string): Promise<{ type: string; addon: string; own: string }> {
  return member.run(async ({ register }, header: string | null) => {
    const { own } = globalThis as unknown as { own: typeof register };
    const options = { accept: header ?? undefined, openMetrics: true };
    const [first, second] = [await register.exposition(options), await own.exposition(options)];
    return {
      type: first.contentType,
      addon: (first.body as Buffer).toString('latin1'),
      own: (second.body as Buffer).toString('latin1'),
    };
  }, accept ?? null);
}

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString();

test('a reader that asks for nothing gets names with underscores', async () => {
  const { addon, own } = await bodiesOf(await startMember());
  const expected = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{service_name="a\\"b",plain="c",k8s_pod="p"} 3

# HELP gr__e__x_ Sizes.
# TYPE gr__e__x_ histogram
gr__e__x__bucket{le="1",k8s_pod="p"} 1
gr__e__x__bucket{le="+Inf",k8s_pod="p"} 1
gr__e__x__sum{k8s_pod="p"} 0.5
gr__e__x__count{k8s_pod="p"} 1

# HELP usual Usual.
# TYPE usual gauge
usual{k8s_pod="p"} 1
`;
  expect(utf8(own)).toBe(expected);
  expect(utf8(addon)).toBe(expected);
});

test('a reader of UTF-8 gets the names, in quotation marks', async () => {
  const accept = 'text/plain;version=1.0.0;escaping=allow-utf-8';
  const { type, addon, own } = await bodiesOf(await startMember(), accept);
  expect(type).toBe('text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8');
  const expected = `# HELP "http.requests_total" Requests.
# TYPE "http.requests_total" counter
{"http.requests_total","service.name"="a\\"b",plain="c","k8s.pod"="p"} 3

# HELP "größe \\"x\\"" Sizes.
# TYPE "größe \\"x\\"" histogram
{"größe \\"x\\"_bucket",le="1","k8s.pod"="p"} 1
{"größe \\"x\\"_bucket",le="+Inf","k8s.pod"="p"} 1
{"größe \\"x\\"_sum","k8s.pod"="p"} 0.5
{"größe \\"x\\"_count","k8s.pod"="p"} 1

# HELP usual Usual.
# TYPE usual gauge
usual{"k8s.pod"="p"} 1
`;
  expect(utf8(own)).toBe(expected);
  expect(utf8(addon)).toBe(expected);
});

test.each([
  'text/plain;version=1.0.0;escaping=dots',
  'text/plain;version=0.0.4;escaping=values',
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8',
  'application/openmetrics-text;version=1.0.0;escaping=dots',
  'application/openmetrics-text;version=1.0.0',
  'application/openmetrics-text;version=2.0.0',
  'application/openmetrics-text;version=2.0.0;escaping=dots',
])('the addon and JavaScript write the same for %s', async (accept) => {
  const { addon, own } = await bodiesOf(await startMember(), accept);
  const withoutTimes = (text: string): string => utf8(text).replace(/ st@\S+/g, '');
  expect(withoutTimes(own)).toBe(withoutTimes(addon));
  const version = accept.includes('version=2') ? 2 : 1;
  const hasLegalNames = version === 2 || !accept.endsWith('allow-utf-8');
  if (accept.startsWith('application/openmetrics-text') && hasLegalNames) judged(utf8(addon), version);
  if (accept.includes('dots')) expect(addon).toContain('http_dot_requests__total{');
  if (accept.includes('values')) expect(addon).toContain('U__http_2e_requests__total{U__service_2e_name=');
});

test('Protobuf takes the scheme of any clause', async () => {
  const protobuf =
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6';
  const member = await startMember();
  const plain = await bodiesOf(member, protobuf);
  expect(plain.addon).toContain('http_requests_total');
  const accept = `${protobuf},application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5`;
  const { addon, own } = await bodiesOf(member, accept);
  for (const body of [addon, own]) {
    expect(body).toContain('http.requests_total');
    expect(body).toContain('service.name');
  }
});

test('other processes of the group show and archive the names', async () => {
  const directory = newDirectory();
  const member = await startMember(directory);
  const observer = await spawn({ directory });
  await member.kill();
  await expect
    .poll(() => observer.scrape())
    .toContain('http_requests_total{service_name="a\\"b",plain="c",k8s_pod="p"} 3');
});
