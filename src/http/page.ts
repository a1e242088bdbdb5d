import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';

/** The set-up builds it, from page/. */
const file = join(__dirname, '..', '..', 'dist', 'page.html');

/** Answers with the live page, which reads the metrics at `path`. It loads nothing from elsewhere, and may send nothing there. */
export function pageHandler(path: string): (request: unknown, response: ServerResponse) => void {
  let page: { readonly html: string; readonly policy: string } | undefined;
  return (_request, response) => {
    page ??= readPage(path);
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': page.policy,
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-cache',
    });
    response.end(page.html);
  };
}

function readPage(path: string): { readonly html: string; readonly policy: string } {
  const safe = path.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  const html = readFileSync(file, 'utf8').replace('content="/metrics"', () => `content="${safe}"`);
  const script = html.slice(html.indexOf('<script>') + '<script>'.length, html.lastIndexOf('</script>'));
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash}'`,
    "style-src 'unsafe-inline'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { html, policy };
}
