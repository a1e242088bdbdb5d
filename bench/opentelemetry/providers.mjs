// The MeterProviders that are measured: each makes a meter, and a function that resolves to the exposition as text.
import { makeGroupDirectory } from '../group-directory.mjs';
import { own } from '../rivals.mjs';

export const sdk = '@opentelemetry/sdk-metrics';

export const providers = [sdk, own];

/** `maxSeries` is the limit of attribute sets of an instrument. */
export function open(name, maxSeries) {
  return name === own ? openOwn(maxSeries) : openSdk(maxSeries);
}

async function openOwn(maxSeries) {
  const { configure, register } = await import(own);
  const { MeterProvider } = await import(`${own}/opentelemetry`);
  const directory = makeGroupDirectory();
  configure({ dir: directory, maxSeries: 4 * maxSeries, maxSegmentBytes: 2 ** 30 });
  const provider = new MeterProvider({ maxSeries, resource: false });
  return { meter: provider.getMeter('bench'), scrape: () => register.metrics(), directory };
}

async function openSdk(maxSeries) {
  const { MeterProvider } = await import(sdk);
  const { PrometheusExporter, PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus');
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const views = [{ instrumentName: '*', aggregationCardinalityLimit: maxSeries }];
  const provider = new MeterProvider({ readers: [exporter], views });
  const serializer = new PrometheusSerializer();
  const scrape = async () => serializer.serialize((await exporter.collect()).resourceMetrics);
  return { meter: provider.getMeter('bench'), scrape, directory: undefined };
}
