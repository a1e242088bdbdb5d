// A process of a group that counts once and serves the metrics, with the options of its argument. Messages to it are commands.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Counter, collectDefaultMetrics } = require('../../../index.js');
const { startMetricsServer } = require('../../../dist/http/index.js');

process.on('warning', ({ code, message }) => process.send?.({ warning: { code, message } }));
collectDefaultMetrics();
new Counter({ name: 'members_total', help: 'h' }).inc();
const server = await startMetricsServer(JSON.parse(process.argv[2] ?? '{}'));

if (process.send) {
  process.on('message', async ({ block, close }) => {
    if (block) {
      process.send({ blocked: true }, () =>
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, block),
      );
    } else if (close) {
      await server.close();
      process.send({ closed: true });
    } else {
      process.send({ address: server.address ?? null });
    }
  });
  process.once('disconnect', () => process.exit());
  process.send({ ready: true });
}
