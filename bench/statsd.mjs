// How many statsd lines a second a listener takes without a loss: `node bench/statsd.mjs`. A second process sends at a rate that is
// doubled until lines are missing.
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const seconds = 3;
const lines = {
  'one counter in a datagram': () => 'bench.hits:1|c|#route:/cart,method:GET',
  '20 lines in a datagram': () => Array(20).fill('bench.hits:1|c|#route:/cart,method:GET').join('\n'),
  '20 timers in a datagram': () => Array(20).fill('bench.wait:12.5|ms|#route:/cart').join('\n'),
};

if (process.argv[2] === 'send') {
  const [port, rate, packet] = [Number(process.argv[3]), Number(process.argv[4]), process.argv[5]];
  const socket = createSocket('udp4');
  const start = performance.now();
  let sent = 0;
  while (performance.now() - start < seconds * 1000) {
    const due = ((performance.now() - start) / 1000) * rate;
    const burst = [];
    for (; sent < due && burst.length < 200; sent++) {
      burst.push(new Promise((resolve) => socket.send(packet, port, '127.0.0.1', resolve)));
    }
    await Promise.all(burst);
    if (burst.length === 0) await sleep(1);
  }
  process.send({ sent });
  socket.close();
} else {
  const { listenStatsd } = require('../dist/statsd/index.js');
  const { register } = require('../index.js');
  const listener = await listenStatsd({ port: 0, tcp: false });
  const { port } = listener.addresses.udp;
  const counted = async () =>
    Number(/^prom_client_mmap_statsd_lines_total (\d+)$/m.exec(await register.metrics())?.[1] ?? 0);
  for (const [name, packetOf] of Object.entries(lines)) {
    const packet = packetOf();
    const each = packet.split('\n').length;
    let best = 0;
    for (let rate = 5000; rate <= 640_000; rate *= 2) {
      const before = await counted();
      const sender = fork(fileURLToPath(import.meta.url), ['send', port, rate, packet]);
      const [{ sent }] = await once(sender, 'message');
      await once(sender, 'close');
      await sleep(500);
      const lost = sent * each - ((await counted()) - before);
      if (lost > 0) break;
      best = Math.max(best, (sent * each) / seconds);
      if (sent / seconds < rate * 0.9) break; // the sender cannot do more
    }
    console.log(`${name}: ${Math.round(best).toLocaleString('en')} lines/s without a loss`);
  }
  await listener.close();
}
