import { type CodedError, unknownProcess } from '../errors';
import { encoded } from '../exposition/compression';
import { negotiatedFormat } from '../exposition/negotiation';
import type { HeaderValue } from '../model/http';
import { openMetricsContentType } from '../registry/content-type';
import type { Exposition } from '../types/registry';
import { handlerMetrics, noHandlerMetrics } from './handler-metrics';
import { type CheckedOptions, checkedOptions, type HandlerOptions } from './handler-options';
import { leaveOut } from './mark';
import { ScrapeQueue } from './scrape-queue';

/** A request of node:http, of node:http2, or of a framework that has these. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The response to it. */
export interface NodeResponse {
  statusCode: number;
  readonly headersSent?: boolean | undefined;
  setHeader(name: string, value: string | number): unknown;
  // Apart: the types of node:http2 have no end() whose body may be missing.
  end(): unknown;
  end(body: Uint8Array): unknown;
}

/** A request of the Fetch API. */
export interface FetchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { get(name: string): string | null };
}

/** The `Response` of the Fetch API, where its types are installed. */
type FetchResponse = typeof globalThis extends { Response: { prototype: infer R } } ? R : unknown;

/** Answers requests for metrics; it looks at no path. Both functions can be taken from the object, and never throw or reject. */
export interface MetricsHandler {
  /** For node:http and everything that has its requests and responses, such as connect and express. */
  (request: NodeRequest, response: NodeResponse): Promise<void>;
  /** For servers of the Fetch API, such as Hono, Bun, Deno and the route handlers of Next.js. */
  fetch(request: FetchRequest): Promise<FetchResponse>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
}

/** The part of a request that makes a difference. */
interface ScrapeRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  header(name: string): HeaderValue;
}

/**
 * A handler of requests for the metrics of a registry, which behaves as Go's promhttp: it negotiates format and compression, shows
 * only the families of the query `name[]` and the process of the query `pid`, and answers HEAD without a scrape. docs/formats.md has all of it.
 *
 * @throws a TypeError with code `ERR_OPTION_UNKNOWN`, `ERR_OPTION_VALUE` or `ERR_REGISTRY`.
 */
export function metricsHandler(options: HandlerOptions = {}): MetricsHandler {
  const checked = checkedOptions(options);
  const answerTo = answering(checked);
  const handle = async (request: NodeRequest, response: NodeResponse): Promise<void> => {
    leaveOut(response);
    const { method, url, headers } = request;
    const {
      status,
      headers: answered,
      body,
    } = await answerTo({ method, url, header: (name) => headers[name] });
    if (response.headersSent) return; // by the application, meanwhile
    response.statusCode = status;
    for (const [name, value] of Object.entries(answered)) response.setHeader(name, value);
    if (body === undefined) response.end();
    else response.end(body);
  };
  const fetch = async ({ method, url, headers }: FetchRequest): Promise<FetchResponse> => {
    const answer = await answerTo({ method, url, header: (name) => headers.get(name) });
    const texts = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, `${value}`]);
    return new Response(answer.body ?? null, {
      status: answer.status,
      headers: texts,
    });
  };
  return Object.assign(handle, { fetch });
}

/** Never rejects. */
function answering(options: CheckedOptions): (request: ScrapeRequest) => Promise<Answer> {
  const { registry, compress, maxInFlight, log } = options;
  const metrics = options.selfMetrics ? handlerMetrics(registry) : noHandlerMetrics;
  const queue = new ScrapeQueue<Exposition>();
  const noteError = (error: unknown): void => {
    metrics.countError();
    log(error instanceof Error ? error : new Error(`${error}`));
  };
  const onError = options.onError === 'continue' ? noteError : undefined;

  const scrape = async (request: ScrapeRequest): Promise<Answer> => {
    const accept = request.header('accept');
    const { createdSamples } = options;
    const openMetrics = options.openMetrics ?? registry.contentType === `${openMetricsContentType}`;
    const { contentType, escaping } = negotiatedFormat(accept, { openMetrics });
    const headers = { 'Content-Type': contentType, ...sharedHeaders };
    if (request.method === 'HEAD') return { status: 200, headers };
    const { names, pid } = choiceIn(request.url);
    const key = JSON.stringify([contentType, escaping, names, pid]);
    if (queue.length >= maxInFlight && !queue.isShared(key)) {
      const text = `Limit of concurrent requests reached (${maxInFlight}), try again later.`;
      return refusal(503, text, { 'Retry-After': 1 });
    }
    const { perProcess, view } = options;
    const exposition = queue.run(key, () =>
      registry.exposition({
        accept,
        names,
        pid,
        perProcess,
        view,
        openMetrics,
        createdSamples,
        compress: false,
        onError,
      }),
    );
    const timeoutMs = Math.min(options.timeoutMs, scraperTimeoutMs(request));
    const answered = await within(timeoutMs, exposition);
    if (answered === undefined) return refusal(503, `Exceeded configured timeout of ${timeoutMs / 1000}s.\n`);
    const { contentEncoding, body } = await encoded(
      answered.body,
      request.header('accept-encoding'),
      compress,
    );
    const encoding = contentEncoding === undefined ? {} : { 'Content-Encoding': contentEncoding };
    return { status: 200, headers: { ...headers, ...encoding, 'Content-Length': body.length }, body };
  };

  return async (request) => {
    const end = metrics.begin();
    const answer = await answerOrError(request, scrape, noteError);
    end(answer.status);
    return answer;
  };
}

const sharedHeaders = { Vary: 'Accept, Accept-Encoding', 'Cache-Control': 'no-store' };

async function answerOrError(
  request: ScrapeRequest,
  scrape: (request: ScrapeRequest) => Promise<Answer>,
  noteError: (error: unknown) => void,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refusal(405, 'Expected GET or HEAD.\n', { Allow: 'GET, HEAD' });
  }
  try {
    return await scrape(request);
  } catch (error) {
    // Not an error of this process: the scraper has an old list of targets.
    if (isUnknownProcess(error)) return refusal(404, `${error.message}.\n`);
    noteError(error);
    const message = withoutPaths(error instanceof Error ? error.message : `${error}`);
    return refusal(500, `An error has occurred while serving metrics:\n\n${message}\n`);
  }
}

function refusal(status: number, text: string, more: Record<string, string | number> = {}): Answer {
  const body = Buffer.from(text);
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'X-Content-Type-Options': 'nosniff',
    ...sharedHeaders,
    ...more,
  };
  return { status, headers, body };
}

function isUnknownProcess(error: unknown): error is CodedError {
  return (error as Partial<CodedError> | undefined)?.code === 'ERR_PROCESS_UNKNOWN';
}

/** The answer goes to others than the operator of the process. */
function withoutPaths(message: string): string {
  return message.replace(/(?<![\w.])(?:[A-Za-z]:|\.{1,2}|~)?(?:[\\/][^\s\\/:'"`,;()]+){2,}[\\/]?/g, '<path>');
}

/** The families and the process that the query names; undefined where it names none. */
function choiceIn(url: string | undefined): { names: string[] | undefined; pid: number | undefined } {
  const query = new URLSearchParams(/\?([^#]*)/.exec(url ?? '')?.[1]);
  const names = query.getAll('name[]');
  const pid = query.get('pid');
  return { names: names.length > 0 ? names : undefined, pid: pid === null ? undefined : pidOf(pid) };
}

/** Throws an Error with code `ERR_PROCESS_UNKNOWN` for a text that no pid has. */
function pidOf(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw unknownProcess(text);
}

/** Half a second before the scraper gives up, but at least so long that a scrape can be done. */
function scraperTimeoutMs(request: ScrapeRequest): number {
  const seconds = Number(request.header('x-prometheus-scrape-timeout-seconds') ?? NaN);
  return seconds > 0 ? Math.min(Math.max(seconds * 1000 - 500, 500), 120_000) : Infinity;
}

/** Resolves to undefined after so many milliseconds. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  if (ms === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
