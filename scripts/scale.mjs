// Measures the size of scrapes by format and number of series, and the room of their samples in Prometheus, for docs/scale.md:
// `node scripts/scale.mjs` writes its table. `--print [ROUTES...]` leaves the file alone.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const document = fileURLToPath(new URL('../docs/scale.md', import.meta.url));
const begin = '<!-- figures of node scripts/scale.mjs -->\n\n';
const end = '\n<!-- end of figures -->';
const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

if (process.send) await serve(JSON.parse(process.argv[2]));
else await measure();

async function measure() {
  const { values: options, positionals: chosen } = parseArgs({
    options: { print: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const rows = [];
  for (const routes of chosen.length > 0 ? chosen.map(Number) : [10, 100, 1000]) {
    const both = await scrapeAll(routes, {});
    const native = await scrapeAll(routes, { buckets: [] });
    rows.push(
      `| ${[
        count(routes),
        ...[both.samples, native.samples].map(count),
        ...[both.text, both.gzip, both.protobuf, both.protobufGzip].map(kilobytes),
        ...[native.protobuf, native.protobufGzip].map(kilobytes),
        megabytes(both.files),
      ].join(' | ')} |`,
    );
  }
  const table = `| routes | samples, classic | series, native | text | gzip | Protobuf | gzip | native only | gzip | files of 4 processes |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
  console.log(table);
  if (options.print) return;
  const text = readFileSync(document, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${document}: expected a table after ${begin.trim()}`);
  writeFileSync(document, text.slice(0, from + begin.length) + table + text.slice(to));
}

/** Scrapes a group of four processes in each format. */
async function scrapeAll(routes, options) {
  const directory = mkdtempSync(join(tmpdir(), 'scale-'));
  const members = Array.from({ length: 4 }, () =>
    fork(fileURLToPath(import.meta.url), [JSON.stringify({ routes, options })], {
      env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
    }),
  );
  try {
    const [url] = (await Promise.all(members.map((member) => once(member, 'message')))).flat();
    const plain = await answer(url, 'text/plain');
    const zipped = await answer(url, 'text/plain', 'gzip');
    const binary = await answer(url, protobuf);
    const zippedBinary = await answer(url, protobuf, 'gzip');
    if (!gunzipSync(zipped).toString().includes('http_requests_total'))
      throw new Error(`${url}: expected metrics`);
    const lines = plain
      .toString()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    const usage = execFileSync('du', ['--summarize', '--block-size=1', directory], { encoding: 'utf8' });
    return {
      samples: Object.keys(options).length === 0 ? lines.length : seriesOf(lines),
      text: plain.length,
      gzip: zipped.length,
      protobuf: binary.length,
      protobufGzip: zippedBinary.length,
      files: Number.parseInt(usage, 10),
    };
  } finally {
    for (const member of members) member.kill('SIGKILL');
    await Promise.all(members.map((member) => once(member, 'exit')));
    rmSync(directory, { recursive: true });
  }
}

/** A native histogram is one series; as text it has +Inf, sum and count. */
function seriesOf(lines) {
  const native = lines.filter((line) => line.startsWith('http_request_duration_seconds_count'));
  return lines.filter((line) => !line.startsWith('http_request_duration_seconds')).length + native.length;
}

async function answer(url, accept, encoding = 'identity') {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(url, { headers: { accept, 'accept-encoding': encoding } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** One of the processes: default metrics, and requests of each route with two methods and three statuses. */
async function serve({ routes, options }) {
  const { Counter, Histogram, collectDefaultMetrics, configure } = await import('prom-client-mmap');
  const { metricsHandler } = await import('prom-client-mmap/http');
  const { createServer } = await import('node:http');
  configure({ selfMetrics: 'all' });
  collectDefaultMetrics();
  const labelNames = ['method', 'route', 'status_code'];
  const requests = new Counter({ name: 'http_requests_total', help: 'Requests.', labelNames });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Durations.',
    labelNames,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    nativeHistogramBucketFactor: 1.1,
    ...options,
  });
  let seed = process.pid;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let i = 0; i < routes; i++) {
    for (const method of ['GET', 'POST']) {
      for (const status_code of ['200', '404', '500']) {
        const labels = { method, route: `/api/v1/resource-${i}/:id`, status_code };
        requests.inc(labels, Math.ceil(100_000 * random()));
        // Latencies of two orders of magnitude around 50 ms.
        for (let n = 0; n < 50; n++) durations.observe(labels, 0.05 * Math.exp(2.3 * (2 * random() - 1)));
      }
    }
  }
  const server = createServer(metricsHandler()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send(`http://127.0.0.1:${server.address().port}/metrics`);
  process.on('disconnect', () => process.exit());
}

function count(value) {
  return value.toLocaleString('en');
}

function kilobytes(bytes) {
  return `${count(Math.round(bytes / 1000))} kB`;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
