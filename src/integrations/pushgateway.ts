import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { badGatewayUrl, jobNameMissing, pushFailed, pushTimedOut } from '../errors';
import type { RegistryContentType } from '../registry/content-type';
import { globalRegistry, type Registry } from '../registry/registry';

/** The names and values become parts of the URL. */
export interface PushParameters {
  jobName: string;
  /** More labels of the pushed group of metrics, in the order of the URL. */
  groupings?: { [key: string]: string } | undefined;
}

/** Options of `http.request`, such as `timeout` in milliseconds, `headers` and `agent`, and one more. */
export interface PushgatewayOptions extends RequestOptions {
  /** `false` pushes to `/metrics` itself when there is no job name, as some gateways need it. Default `true`. */
  requireJobName?: boolean | undefined;
  [option: string]: unknown;
}

/** The body of the response is text; `resp` is Node's `IncomingMessage`. */
export type PushResult = { resp?: unknown; body?: unknown };

const gzipped = (text: string): Promise<Buffer> => promisify<string, Buffer>(gzip)(text);

/**
 * Pushes the exposition of a registry, with the counts of the whole group, to a Pushgateway: for batch jobs that end before a
 * scrape. One process of the group is enough.
 *
 * All three methods throw at once if the job name is missing. They reject with Node's error if there is no connection,
 * with code `ERR_PUSH_FAILED` for a response of status 400 or above, and with `ERR_PUSH_TIMEOUT` after `options.timeout`
 * milliseconds without a response (without that option, they wait).
 */
export class Pushgateway<T extends RegistryContentType = RegistryContentType> {
  readonly registry: Registry<T>;
  readonly gatewayUrl: string;
  readonly requireJobName: boolean | undefined;
  readonly requestOptions: RequestOptions;

  /**
   * The URL may have a path, a user and a password. With the header `Content-Encoding: gzip` among the options the body
   * is compressed. The default registry is the global one.
   */
  constructor(url: string, registry: Registry<T>);
  // biome-ignore lint/suspicious/noExplicitAny: prom-client's type for options.
  constructor(url: string, options?: PushgatewayOptions | any, registry?: Registry<T> | null);
  constructor(url: string, options?: PushgatewayOptions | Registry<T> | null, registry?: Registry<T> | null) {
    const only = isRegistry(options) ? options : undefined;
    this.registry = only ?? registry ?? (globalRegistry as unknown as Registry<T>);
    this.gatewayUrl = url;
    const { requireJobName, ...requestOptions } = {
      requireJobName: true,
      ...(only === undefined ? (options as PushgatewayOptions | null | undefined) : undefined),
    };
    this.requireJobName = requireJobName;
    this.requestOptions = requestOptions;
  }

  /** Replaces the pushed metrics of the same names, and leaves the others of this job and these groupings. */
  pushAdd(params: Partial<PushParameters> = {}): Promise<PushResult> {
    return this.send('POST', params);
  }

  /** Replaces all metrics of this job and these groupings. */
  push(params: Partial<PushParameters> = {}): Promise<PushResult> {
    return this.send('PUT', params);
  }

  /** Deletes all metrics of this job and these groupings. */
  delete(params: Partial<PushParameters> = {}): Promise<PushResult> {
    return this.send('DELETE', params);
  }

  private send(method: string, { jobName, groupings }: Partial<PushParameters>): Promise<PushResult> {
    if (this.requireJobName && !jobName) throw jobNameMissing();
    return this.request(method, jobName ? `/job${valuePath(jobName)}${pathOf(groupings)}` : '');
  }

  private async request(method: string, path: string): Promise<PushResult> {
    const url = urlOf(this.gatewayUrl);
    url.pathname = `${url.pathname === '/' ? '' : url.pathname}/metrics${path}`;
    const { request } = url.protocol === 'https:' ? https : http;
    // One object, before any await, as in prom-client: tests of users look into it.
    const options: RequestOptions = { ...urlToHttpOptions(url), ...this.requestOptions, method };
    if (method === 'DELETE') options.headers = withoutEncoding(options.headers);
    const req = request(options);
    const written = method === 'DELETE' ? req.end() : this.writeBody(req, options.headers);
    const [result] = await Promise.all([answer(req), written]);
    return result;
  }

  private async writeBody(req: ClientRequest, headers: RequestOptions['headers']): Promise<void> {
    try {
      const text = await this.registry.metrics();
      // Not in `headers`, which belong to the user. A mock of a request may lack the method.
      if (headerOf(headers, 'content-type') === undefined) {
        req.setHeader?.('Content-Type', this.registry.contentType);
      }
      req.write(headerOf(headers, 'content-encoding') === 'gzip' ? await gzipped(text) : text);
      req.end();
    } catch (error) {
      req.destroy();
      throw error;
    }
  }
}

export declare namespace Pushgateway {
  export type Parameters = PushParameters;
  export type Options = PushgatewayOptions;
}

// Not instanceof: it may be a Proxy, or a registry of another copy of the library.
function isRegistry<T extends RegistryContentType>(
  value: PushgatewayOptions | Registry<T> | null | undefined,
): value is Registry<T> {
  return typeof (value as Registry<T> | null | undefined)?.metrics === 'function';
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw badGatewayUrl(text);
  return url;
}

function pathOf(groupings: PushParameters['groupings'] | null): string {
  return Object.entries(groupings ?? {})
    .map(([name, value]) => `/${encodeURIComponent(name)}${valuePath(`${value}`)}`)
    .join('');
}

/** The Pushgateway takes values in base64 that cannot be a part of a path, however they are escaped. */
function valuePath(value: string): string {
  if (value !== '' && !value.includes('/') && !/^\.\.?$/.test(value)) return `/${encodeURIComponent(value)}`;
  return `@base64/${Buffer.from(value).toString('base64url') || '='}`;
}

/** The value of a header, in any case of letters. */
function headerOf(headers: RequestOptions['headers'], name: string): unknown {
  return Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** A copy, because the options serve later pushes as well. */
function withoutEncoding(headers: RequestOptions['headers']): RequestOptions['headers'] {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-encoding'),
  );
}

function answer(req: ClientRequest): Promise<PushResult> {
  return new Promise((resolve, reject) => {
    req.on('error', reject);
    req.on('timeout', () => req.destroy(pushTimedOut()));
    req.on('response', (resp: IncomingMessage) => {
      let body = '';
      resp.setEncoding('utf8');
      resp.on('error', reject);
      resp.on('data', (chunk: string) => {
        body += chunk;
      });
      resp.on('end', () => {
        const status = resp.statusCode ?? 0;
        if (status >= 400) reject(pushFailed(status, body));
        else resolve({ resp, body });
      });
    });
  });
}
