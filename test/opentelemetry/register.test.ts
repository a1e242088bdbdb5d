import { execFile } from 'node:child_process';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { root } from '../multiprocess/support/member';

const run = promisify(execFile);

/** An application with this package, and with a version of the API that a package of this clone has under another name. */
function application(files: Readonly<Record<string, string>>, api?: string): string {
  const directory = realpathSync(newDirectory());
  const packages: Record<string, string> = { 'prom-client-mmap': root };
  if (api !== undefined) packages['@opentelemetry/api'] = join(root, 'node_modules', api);
  for (const [name, target] of Object.entries(packages)) {
    const path = join(directory, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

function outputOf(directory: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return outputWith({}, directory, ...args);
}

function outputWith(
  env: Readonly<Record<string, string>>,
  directory: string,
  ...args: string[]
): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, args, {
    cwd: directory,
    env: { PATH: process.env['PATH'], OTEL_SERVICE_NAME: 'shop', ...env },
  });
}

const counting = `
  const meter = metrics.getMeter('library', '1.0');
  meter.createCounter('jobs').add(2, { kind: 'a' });
  meter.createObservableGauge('fill').addCallback((result) => result.observe(7));
  register.metrics().then((text) => console.log(text));`;

const apis = ['otel-api-1.3', 'otel-api-1.4', '@opentelemetry/api', 'otel-api-1.10'];

test.each(
  apis.flatMap((api) => [
    ['-r', 'app.cjs', api],
    ['--import', 'app.mjs', api],
  ]),
)('node %s …/register %s sets the provider for %s', async (option, file, api) => {
  const directory = application(
    {
      'app.cjs': `const { metrics } = require('@opentelemetry/api');
        const { configure, register } = require('prom-client-mmap');
        configure({ collectDeadlineMs: 200 });
        ${counting}`,
      'app.mjs': `import { metrics } from '@opentelemetry/api';
        import { register } from 'prom-client-mmap';
        ${counting}`,
    },
    api,
  );
  const { stdout, stderr } = await outputOf(
    directory,
    option,
    'prom-client-mmap/opentelemetry/register',
    file,
  );
  const values = valuesOf(stdout.replace(/\n\n$/, '\n'));

  expect(stderr).toBe('');
  expect(values.get('jobs_total{kind="a",otel_scope_name="library",otel_scope_version="1.0"}')).toBe(2);
  expect(values.get('fill{otel_scope_name="library",otel_scope_version="1.0"}')).toBe(7);
  expect([...values.keys()].filter((key) => key.startsWith('target_info'))).toEqual([
    expect.stringContaining('service_name="shop"'),
  ]);
});

test('instruments of other preloads count, and the main script may still call configure()', async () => {
  const directory = application(
    {
      'instrumentation.cjs': `const { metrics } = require('@opentelemetry/api');
        const gauge = metrics.getMeter('early').createObservableGauge('early');
        gauge.addCallback((result) => result.observe(1));`,
      'app.cjs': `const { configure, register } = require('prom-client-mmap');
        configure({ selfMetrics: 'none' });
        setImmediate(() => register.metrics().then((text) => console.log(text)));`,
    },
    '@opentelemetry/api',
  );
  const preloads = ['prom-client-mmap/opentelemetry/register', './instrumentation.cjs'];
  const { stdout, stderr } = await outputOf(
    directory,
    ...preloads.flatMap((name) => ['-r', name]),
    'app.cjs',
  );

  expect(stderr).toBe('');
  expect(stdout).toContain('early{otel_scope_name="early"} 1');
});

test('without the API, and after another provider, there is a warning', async () => {
  const files = {
    'first.cjs': `const { metrics } = require('@opentelemetry/api');
      metrics.setGlobalMeterProvider({ getMeter: () => metrics.getMeter('') });`,
    'app.cjs': `console.log('runs');`,
  };
  const hook = 'prom-client-mmap/opentelemetry/register';
  const without = await outputOf(application(files), '-r', hook, 'app.cjs');
  expect(without.stdout).toBe('runs\n');
  expect(without.stderr).toContain(
    '[ERR_OPENTELEMETRY_API] PromClientMmapWarning: Expected to set the MeterProvider',
  );
  expect(without.stderr).toContain("Cannot find module '@opentelemetry/api'. Install the package");

  const late = await outputOf(
    application(files, '@opentelemetry/api'),
    ...['-r', './first.cjs', '-r', hook, 'app.cjs'],
  );
  expect(late.stderr).toContain('another provider was set before');
});

test.each([
  [{ OTEL_METRICS_EXPORTER: 'none' }, {}, false],
  [{}, { metricReaders: [] }, false],
  // The SDK makes a MeterProvider of its own, which comes too late.
  [{}, {}, true],
])(
  'beside sdk-node with %j and the options %j instrumentations count here',
  async (env, options, isLogged) => {
    const quiet = { OTEL_TRACES_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_LOG_LEVEL: 'error' };
    const preload = ['-r', 'prom-client-mmap/opentelemetry/register'];
    const program = [join(root, 'test/fixtures/sdk-node.cjs'), JSON.stringify(options)];
    const { stdout, stderr } = await outputWith({ ...quiet, ...env }, root, ...preload, ...program);

    const name = 'http_server_request_duration_seconds_count';
    const counts = [...valuesOf(stdout.slice(stdout.indexOf('# ')))].filter(([key]) => key.startsWith(name));
    expect(counts).toEqual([[expect.stringContaining('http_response_status_code="200"'), 3]]);
    expect(/duplicate registration/i.test(stdout + stderr)).toBe(isLogged);
  },
);
