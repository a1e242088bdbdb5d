import { badOption } from '../errors';
import type { HttpOptions } from '../http/options';
import { realProcess } from '../process';
import { warn } from '../store/warnings';
import { autoMode, autoVariable } from './mode';

/** All that the environment decides. Undefined leaves it to the default of `instrumentHttp()` and `startMetricsServer()`. */
export interface AutoSettings {
  readonly defaultMetrics: boolean;
  readonly http: boolean;
  readonly server: boolean;
  readonly httpOptions: HttpOptions;
}

type Parse<T> = (text: string) => T | undefined;

const flag: Parse<boolean> = (text) => ({ true: true, '1': true, false: false, '0': false })[text];
const list: Parse<number[]> = (text) => text.split(',').map(Number);

/** Reads the environment when it is called: PM2 completes it after the preloads. Warns about a variable that is not acceptable. */
export function autoSettings(): AutoSettings {
  read(autoVariable, autoMode, "'off', 'always' or empty");
  return {
    defaultMetrics: read('PROM_CLIENT_MMAP_AUTO_DEFAULT_METRICS', flag) ?? true,
    http: read('PROM_CLIENT_MMAP_AUTO_HTTP', flag) ?? true,
    server: read('PROM_CLIENT_MMAP_AUTO_SERVER', flag) ?? true,
    httpOptions: {
      preset: read('PROM_CLIENT_MMAP_HTTP_PRESET', (text) => text) as HttpOptions['preset'],
      prefix: read('PROM_CLIENT_MMAP_HTTP_PREFIX', (text) => text),
      buckets: read('PROM_CLIENT_MMAP_HTTP_BUCKETS', list),
      maxRoutes: read('PROM_CLIENT_MMAP_HTTP_MAX_ROUTES', Number),
      sizes: read('PROM_CLIENT_MMAP_HTTP_SIZES', flag),
      native: read('PROM_CLIENT_MMAP_HTTP_NATIVE', flag),
      normalizePath: read('PROM_CLIENT_MMAP_HTTP_NORMALIZE_PATH', flag),
    },
  };
}

function read<T>(variable: string, parse: Parse<T>, expected = 'true or false (1 or 0)'): T | undefined {
  const text = realProcess.env[variable]?.trim();
  if (!text) return undefined;
  const value = parse(text);
  if (value === undefined) {
    warn(badOption(variable, expected, text, 'until it is corrected, the default holds'));
  }
  return value;
}
