import type { IncomingMessage, ServerResponse } from 'node:http';
import { realProcess } from '../process';
import { currentStore } from '../store/current';

/** A list of targets with labels, as service discovery of Prometheus has it, by HTTP or in a file. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A target for each process: Prometheus adds the query `pid` to each scrape. `address` is that of the server, for Prometheus; `path`
 * that of the metrics.
 */
export function targetsOf(pids: readonly number[], address: string, path: string): TargetGroup[] {
  return pids.map((pid) => ({
    targets: [address],
    labels: { __metrics_path__: path, __param_pid: `${pid}`, pid: `${pid}` },
  }));
}

/** The pids of the living processes of the group of this thread, each of which has counted. Rejects with an Error of code `ERR_SCRAPE`. */
export function livingPids(): Promise<readonly number[]> {
  const store = currentStore();
  return store.shared ? store.livingPids() : Promise.resolve([realProcess.pid]);
}

/** Answers requests for the targets of the group. Never rejects. */
export function targetsHandler(
  path: string,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { 'Content-Type': 'text/plain; charset=utf-8', Allow: 'GET, HEAD' });
      response.end('Expected GET or HEAD.\n');
      return;
    }
    try {
      const body = JSON.stringify(targetsOf(await livingPids(), addressOf(request), path));
      response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : `${body}\n`);
    } catch {
      // Prometheus goes on with the last list then.
      response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end('The files of the group cannot be read.\n');
    }
  };
}

/** The address by which the client reaches this server: the one that it has named, unless that is no address. */
function addressOf({ headers, socket }: IncomingMessage): string {
  const { host } = headers;
  if (host !== undefined && /^(\[[\da-fA-F:.%]+\]|[\w.-]+)(:\d{1,5})?$/.test(host)) {
    return /:\d+$/.test(host) ? host : `${host}:${socket.localPort}`;
  }
  const { localAddress = '127.0.0.1', localPort } = socket;
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}
