// A process of a group that listens for statsd, with the options of its argument.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { register } = require('../../index.js');
const { listenStatsd } = require('../../dist/statsd/index.js');

process.on('warning', ({ code, message }) => process.send({ warning: { code, message } }));
const listener = await listenStatsd(JSON.parse(process.argv[2]));

process.on('message', async ({ scrape, close, block, exit }) => {
  if (exit) process.exit();
  if (block) {
    process.send({ blocked: true }, () => {
      while (!existsSync(block)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    });
    return;
  }
  if (close) await listener.close();
  process.send(scrape ? { text: await register.metrics() } : { addresses: listener.addresses });
});
process.once('disconnect', () => process.exit());
process.send({ ready: true });
