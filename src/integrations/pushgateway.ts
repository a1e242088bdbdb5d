import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { badGatewayUrl, jobNameMissing, pushFailed, pushTimedOut } from '../errors';
import { globalRegistry } from '../registry/registry';
import type { RegistryContentType } from '../types/content-types';
import type {
  PushgatewayOptions,
  Pushgateway as PushgatewayType,
  PushParameters,
  PushResult,
} from '../types/pushgateway';
import type { GroupRegistry, Registry, ViewKind } from '../types/registry';

const gzipped = (text: string): Promise<Buffer> => promisify<string, Buffer>(gzip)(text);

export class Pushgateway<T extends RegistryContentType = RegistryContentType> implements PushgatewayType<T> {
  readonly registry: GroupRegistry<T>;
  readonly gatewayUrl: string;
  readonly requireJobName: boolean | undefined;
  readonly requestOptions: RequestOptions;
  readonly #view: ViewKind;

  constructor(url: string, options?: PushgatewayOptions | Registry<T> | null, registry?: Registry<T> | null) {
    const only = isRegistry(options) ? options : undefined;
    // Registries of other libraries ignore the options of `metrics()`.
    this.registry = (only ?? registry ?? globalRegistry) as GroupRegistry<T>;
    this.gatewayUrl = url;
    const { requireJobName, group, ...requestOptions } = {
      requireJobName: true,
      group: false,
      ...(only === undefined ? (options as PushgatewayOptions | null | undefined) : undefined),
    };
    this.requireJobName = requireJobName;
    this.requestOptions = requestOptions;
    this.#view = group ? 'group' : 'thread';
  }

  pushAdd(params: Partial<PushParameters> = {}): Promise<PushResult> {
    return this.send('POST', params);
  }

  push(params: Partial<PushParameters> = {}): Promise<PushResult> {
    return this.send('PUT', params);
  }

  delete(params: Partial<PushParameters> = {}): Promise<PushResult> {
    return this.send('DELETE', params);
  }

  private send(method: string, { jobName, groupings }: Partial<PushParameters>): Promise<PushResult> {
    if (this.requireJobName && !jobName) throw jobNameMissing();
    return this.request(method, jobName ? `/job${valuePath(`${jobName}`)}${pathOf(groupings)}` : '');
  }

  private async request(method: string, path: string): Promise<PushResult> {
    const url = urlOf(this.gatewayUrl);
    url.pathname = `${url.pathname === '/' ? '' : url.pathname}/metrics${path}`;
    const { request } = url.protocol === 'https:' ? https : http;
    const options: RequestOptions = { ...this.requestOptions, method };
    if (method === 'DELETE' && options.headers) options.headers = withoutEncoding(options.headers);
    // Before any await: tests of users look into the arguments of a mock. In prom-client the first one has all options, in its successor
    // it is the URL. Node takes no URL with a path for one, so it gets the rest afterwards.
    const req = request(url, options);
    const { path: target, auth } = urlToHttpOptions(url);
    Object.assign(url, { path: target, auth, ...options });
    const written = method === 'DELETE' ? req.end() : this.writeBody(req, options.headers);
    const [result] = await Promise.all([answer(req), written]);
    return result;
  }

  private async writeBody(req: ClientRequest, headers: RequestOptions['headers']): Promise<void> {
    try {
      const text = await this.registry.metrics({ view: this.#view });
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
