// A program for any runtime: connections of HTTP/1 and HTTP/2 exist before instrumentHttp(), which is called for two registries and
// stopped for one. It prints how many requests each has counted, before and after, and the bytes of the bodies of HTTP/1.
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { createRequire } from 'node:module';
import net from 'node:net';

const require = createRequire(import.meta.url);
const { Registry } = require('../../../index.js');
const { instrumentHttp } = require('../../../dist/http/index.js');

process.env.PROM_CLIENT_MMAP_SHARED = '0';
const answer = (_request, response) => response.end('a body');
const servers = [http.createServer(answer), http2.createServer(answer)];
for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
const [port, otherPort] = servers.map((server) => server.address().port);
const socket = net.connect(port, '127.0.0.1');
const session = http2.connect(`http://127.0.0.1:${otherPort}`);

async function request() {
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  await once(session.request({ ':path': '/' }).resume(), 'close');
}

const registries = [1, 2].map(() => new Registry(undefined, { shared: false }));
/** The counts of both registries, as soon as the second one has so many. */
async function counts(expected) {
  for (;;) {
    const found = await Promise.all(
      registries.map(async (registry) => {
        const { values } = await registry.getSingleMetric('http_requests_total').get();
        return values.reduce((sum, { value }) => sum + value, 0);
      }),
    );
    if (found[1] >= expected) return found;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

await request();
const [stop] = registries.map((registry) => instrumentHttp({ registry, sizes: true }));
await request();
const before = await counts(2);
stop();
await request();
const after = await counts(4);
const { values } = await registries[1].getSingleMetric('http_response_size_bytes').get();
const bytes = values.find(({ metricName }) => metricName.endsWith('_sum')).value;
process.stdout.write(JSON.stringify({ before, after, bytes }), () => process.exit());
