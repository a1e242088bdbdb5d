// Makes a small application of Next.js in a directory of its own, builds it, and serves it by a custom server. The argument is the code
// of its route /metrics, which knows `handler`.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const { serve } = require('./serve.cjs');

const dir = join(import.meta.dirname, '..', 'next-application');
const dynamic = 'export const dynamic = "force-dynamic";\n';
const handler = `${dynamic}export function GET() {`;
const files = {
  'app/metrics/route.js': `import { metricsHandler } from 'prom-client-mmap/http';
import { Counter } from 'prom-client-mmap';
const handler = metricsHandler();
new Counter({ name: 'served_total', help: 'h' }).inc();
${process.argv[2]}`,
  'package.json': '{ "private": true }',
  'next.config.js': `module.exports = {
  rewrites: () => [{ source: '/configured/:id', destination: '/posts/:id' }],
  redirects: () => [{ source: '/moved/:id', destination: '/posts/:id', permanent: true }],
};`,
  'proxy.js': `import { NextResponse } from 'next/server';
export function proxy(request) {
  if (request.nextUrl.searchParams.has('denied')) return new NextResponse('denied', { status: 403 });
  return NextResponse.rewrite(new URL(request.nextUrl.pathname.replace('/rewritten', '/posts'), request.url));
}
export const config = { matcher: ['/rewritten/:id', '/posts/:id'] };`,
  'app/shop/[...slug]/page.js': `${dynamic}export default () => <p>shop</p>;`,
  'app/docs/[[...slug]]/page.js': `${dynamic}export default () => <p>docs</p>;`,
  'app/(group)/about/page.js': 'export default () => <p>about</p>;',
  'app/posts/[id]/missing/page.js': `import { notFound } from 'next/navigation';
${dynamic}export default function Missing() { notFound(); }`,
  'pages/old/[id].js':
    'export const getServerSideProps = () => ({ props: {} });\nexport default () => <p>old</p>;',
  'pages/api/old/[id].js': 'export default (_request, response) => response.status(201).json({});',
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
  'app/page.js': 'export default () => <p>home</p>;',
  'app/posts/[id]/page.js': `${dynamic}export default () => <p>post</p>;`,
  'app/api/items/[item]/route.js': `${handler} return new Response('ok'); }`,
  'app/api/fails/[item]/route.js': `${handler} throw new Error('failed on purpose'); }`,
};
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}
// The bundler follows no link to a directory outside of the application.
const linked = dirname(realpathSync(require.resolve('prom-client-mmap/package.json')));
for (const part of ['package.json', 'index.js', 'lib', 'dist', 'build/Release']) {
  cpSync(join(linked, part), join(dir, 'node_modules', 'prom-client-mmap', part), { recursive: true });
}
process.env.NEXT_TELEMETRY_DISABLED = '1';
const cli = require.resolve('next/dist/bin/next');
execFileSync(process.execPath, [cli, 'build'], {
  cwd: dir,
  stdio: 'ignore',
  env: { ...process.env, NODE_ENV: 'production' },
});
process.env.NODE_ENV = 'production';
const { default: next } = await import('next');
const app = next({ dev: false, dir, quiet: true });
await app.prepare();
serve(app.getRequestHandler());
