import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { hasPrometheus } from '../cli/support/prometheus';
import { sendUdp } from '../statsd/support';
import { freePort } from '../third-party/free-port';
import { blocks } from './blocks';
import { Running, userProject } from './shell';

const project = userProject({
  'server.js': `
    const cluster = require('node:cluster');
    const { createServer } = require('node:http');
    const { Counter, register } = require('prom-client-mmap');
    if (cluster.isPrimary) {
      let listening = 0;
      cluster.on('listening', (worker, { port }) => {
        if (++listening === 2) process.send('http://127.0.0.1:' + port);
      });
      for (let i = 0; i < 2; i++) cluster.fork();
    } else {
      const orders = new Counter({ name: 'orders_total', help: 'h' });
      createServer(async (request, response) => {
        if (request.url === '/metrics') return response.end(await register.metrics());
        orders.inc();
        response.end();
      }).listen(0);
    }
  `,
  'statsd.yml': blocksOf('docs/statsd.md', 'yaml')[0] ?? '',
});

/** A server keeps no process alive. */
const application = 'setInterval(() => undefined, 1000);';

/** The programs of a document that do not end by themselves, or belong together; with what they must do. */
const particular: Readonly<Record<string, (programs: readonly string[]) => Promise<void>>> = {
  'README.md': async ([program = '', ...others]) => {
    expect(others).toEqual([]);
    const port = await freePort();
    const app = start(program.replace('8080', `${port}`));
    const url = `http://127.0.0.1:${port}/`;
    await app.serves(url, /^hello$/m);
    // A connection each, so that the requests spread over the workers.
    const answers = Array.from({ length: 50 }, () => fetch(url, { headers: { connection: 'close' } }));
    for (const answer of await Promise.all(answers)) expect(await answer.text()).toBe('hello\n');
    const text = await (await fetch(`${url}metrics`)).text();

    expect(text).toContain('# TYPE http_requests_total counter');
    expect(Number(/http_requests_total\{method="GET"\} (\d+)/.exec(text)?.[1])).toBeGreaterThanOrEqual(51);
  },
  'docs/http.md': async ([program = '', ...others]) => {
    expect(others).toEqual([]);
    const port = await freePort();
    const app = start([program.replace('9464', `${port}`), application].join('\n'));
    await app.serves(`http://127.0.0.1:${port}/healthz`, /./);
  },
  'docs/opentelemetry.md': async ([provider = '', server = '', ...options]) => {
    const counting = `metrics.getMeter('m').createCounter('requests').add(3);`;
    // The last ones repeat an import of the first.
    const others = options.map((option) => `{ ${option} }`);
    expect(others).toHaveLength(3);
    expect(server).toContain('9464');
    const port = await freePort();
    const program = [provider, counting, server, ...others, application].join('\n');
    const app = start(program, { OTEL_EXPORTER_PROMETHEUS_PORT: `${port}` });
    const url = `http://127.0.0.1:${port}/metrics`;
    await app.serves(url, /^requests_total\{otel_scope_name="m"\} 3$/m);
    expect((await fetch(url)).headers.get('content-type')).toContain('version=0.0.4');
  },
  'docs/statsd.md': async ([program = '', ...others]) => {
    expect(others).toEqual([]);
    const port = await freePort();
    const app = start(`${program.replace('9125', `${port}`)}
      import { register } from 'prom-client-mmap';
      setInterval(async () => console.log(await register.metrics()), 100);`);
    await app.prints(/prom_client_mmap_statsd_/);
    await sendUdp(port, ['shop.worker.a.ok:1|c']);
    await app.prints(/^worker_steps_total\{result="ok",worker="a"\} 1$/m);
  },
};

const documents = [
  ...new Set(blocks.filter(({ language }) => language === 'js').map((block) => block.document)),
];

test.each(documents)('the programs in %s run', async (document) => {
  const programs = blocksOf(document, 'js');
  const run = particular[document] ?? allEnd;
  await run(programs);
});

test('other blocks are data, commands, queries and drawings', () => {
  const languages = new Set(blocks.map(({ language }) => language));
  expect(languages).toEqual(new Set(['', 'js', 'sh', 'json', 'promql', 'yaml']));
});

test.each(blocks.filter(({ language }) => /json|yaml/.test(language)))(
  'the data in $document have no fault of syntax',
  async ({ language, text }) => {
    expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
    if (language === 'json') JSON.parse(text);
    if (!text.includes('scrape_configs') || !hasPrometheus()) return;
    project.write('prometheus.yml', text);
    const checking = new Running(project, 'promtool check config prometheus.yml');
    expect(await checking.ended()).toContain('SUCCESS');
  },
);

async function allEnd(programs: readonly string[]): Promise<void> {
  for (const program of programs) await start(program).ended();
}

function start(program: string, env: Readonly<Record<string, string>> = {}): Running {
  const file = /^import /m.test(program) ? 'program.mjs' : 'program.cjs';
  project.write(file, program);
  return new Running(project, `node ${file}`, env);
}

function blocksOf(document: string, language: string): string[] {
  return blocks
    .filter((block) => block.document === document && block.language === language)
    .map(({ text }) => text);
}
