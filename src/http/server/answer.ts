import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyRegistry } from '../../types/registry';

/** The part of a registry that a scrape needs. Registries of other libraries have no bytes. */
type Scraped = Pick<AnyRegistry, 'contentType' | 'metrics'> & { getMetricsAsBuffer?(): Promise<Buffer> };

/** Answers requests for the metrics of a registry. Never throws or rejects. */
export function scrapeHandler(
  registry: Scraped,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async ({ method }, response) => {
    response.setHeader('Cache-Control', 'no-store');
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD', 'Content-Type': 'text/plain; charset=utf-8' });
      response.end('Expected GET or HEAD.\n');
      return;
    }
    response.setHeader('Content-Type', registry.contentType);
    if (method === 'HEAD') {
      response.end();
      return;
    }
    try {
      const body = (await registry.getMetricsAsBuffer?.()) ?? Buffer.from(await registry.metrics());
      response.writeHead(200, { 'Content-Length': body.length }).end(body);
    } catch (error) {
      response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end(`An error has occurred while serving metrics:\n\n${(error as Error).message}\n`);
    }
  };
}
