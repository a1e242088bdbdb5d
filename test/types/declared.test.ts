import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(__dirname, '..', '..');
const application = mkdtempSync(join(tmpdir(), 'prom-client-mmap-declared-'));

// In node_modules: of files elsewhere a compiler can name all types by their paths.
beforeAll(() => {
  const installed = join(application, 'node_modules', 'prom-client-mmap');
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  const isDeclared = (path: string): boolean => !/\.js$/.test(path);
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true, filter: isDeclared });
  symlinkSync(join(root, 'node_modules', '@types'), join(application, 'node_modules', '@types'));
});

afterAll(() => rmSync(application, { recursive: true }));

const programs = {
  'prom-client-mmap': `
    import * as whole from 'prom-client-mmap';
    export const values = { ...whole };
    export const { Counter, Registry } = whole;
    export const prototype = Counter.prototype;
    export class Registered extends whole.Registry {
      metric = this.getSingleMetric('a');
    }
    export class Requests extends whole.Counter<'route'> {
      child = this.labels('/');
    }
    const options = { name: 'a', help: 'h', labelNames: ['a', 'b'] as const };
    export const counter = whole.Counter.getOrCreate(options);
    export const gauge = new whole.Gauge(options);
    export const histogram = new whole.Histogram(options);
    export const summary = new whole.Summary(options);
    export const children = [counter.labels({}), gauge.labels({}), histogram.labels({}), summary.labels({})] as const;
    export const timers = [gauge.startTimer(), histogram.startTimer(), children[2].startTimer()] as const;
    export const objects = [counter.get(), histogram.get(), whole.register.getMetricsAsArray()] as const;
    export const registers = [new whole.Registry(), whole.Registry.merge([whole.register])] as const;
    export const cluster = [new whole.AggregatorRegistry(), new whole.WorkerRegistry()] as const;
    export const status = whole.register.status();
    export const shown = [whole.register.exposition(), whole.register.resetGroup()] as const;
    export const pushed = new whole.Pushgateway('http://localhost').push();
    export const stop = whole.collectDefaultMetrics();
    export const mirrored = whole.mirror(whole.register);`,
  'prom-client-mmap/http': `
    import * as whole from 'prom-client-mmap/http';
    export const values = { ...whole };
    export const handler = whole.metricsHandler();
    export const stop = whole.instrumentHttp();
    export const server = whole.startMetricsServer();
    export const routes = [whole.h3Routes(), whole.honoRoutes()] as const;`,
  'prom-client-mmap/statsd': `
    import * as whole from 'prom-client-mmap/statsd';
    export const values = { ...whole };
    export const listener = whole.listenStatsd();
    export const mapping = whole.checkStatsdMapping('mapping.yml');`,
  'prom-client-mmap/opentelemetry': `
    import * as whole from 'prom-client-mmap/opentelemetry';
    export const values = { ...whole };
    export const meter = new whole.MeterProvider().getMeter('a');
    export const counter = meter.createCounter('a');
    export const histogram = meter.createHistogram('a');
    export const observable = meter.createObservableGauge('a');
    export const collected = whole.metricProducer().collect();`,
};

test.each(Object.entries(programs))(
  'a module that exports what it makes of %s has declarations',
  (name, program) => {
    const file = join(application, `${name.replace('/', '-')}.ts`);
    writeFileSync(file, program);
    const compiled = ts.createProgram([file], {
      strict: true,
      declaration: true,
      emitDeclarationOnly: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.Node20,
      types: ['node'],
      typeRoots: [join(application, 'node_modules', '@types')],
      outDir: join(application, 'declared'),
    });
    const found = [...ts.getPreEmitDiagnostics(compiled), ...compiled.emit().diagnostics];

    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  },
);
