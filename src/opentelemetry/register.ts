// `node -r prom-client-mmap/opentelemetry/register` (or `--import`): from here on, @opentelemetry/api counts in this package, in this
// thread and in those and the processes that inherit the option. It must come before other preloads that make instruments.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { noOpenTelemetry, warn } from '../store/warnings';
import { waitForMainScript } from './main-script';
import { MeterProvider } from './meter-provider';

/** The part of @opentelemetry/api that is used. */
interface Api {
  readonly metrics: { setGlobalMeterProvider(provider: MeterProvider): boolean };
}

/** The application's own copy, beside its main script or in the working directory: any copy sets the provider for all. */
function ownApi(): Api {
  const main = process.argv[1] === undefined ? [] : [resolve(process.argv[1])];
  let failure: unknown;
  for (const from of [...main, join(process.cwd(), 'any.js')]) {
    try {
      return createRequire(from)('@opentelemetry/api') as Api;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

try {
  waitForMainScript();
  const isSet = ownApi().metrics.setGlobalMeterProvider(new MeterProvider());
  if (!isSet) warn(noOpenTelemetry(undefined));
} catch (error) {
  warn(noOpenTelemetry(error as Error));
}
