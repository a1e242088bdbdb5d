import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/index';
import { listenStatsd } from '../../src/statsd';
import { newDirectory } from '../multiprocess/support/directories';
import { sendUdp, untilShown } from './support';

test('series that are there have the ttl of a mapping that is read again from their next sample on', async () => {
  const registry = new Registry(undefined, { name: 'ttl of a new mapping' });
  const mapping = join(newDirectory(), 'mapping.yml');
  const write = (a: string, b: string): void =>
    writeFileSync(
      mapping,
      `mappings:\n- { match: a, name: a, ttl: ${a} }\n- { match: b.*, name: b, ttl: ${b}, labels: { kind: $1 } }\n`,
    );
  write('0s', '2s');
  const listener = await listenStatsd({ port: 0, registry, mapping });
  onTestFinished(() => listener.close());
  const port = listener.addresses.udp?.port ?? 0;
  await sendUdp(port, ['a:1|c', 'b.x:1|c']);
  await untilShown(() => registry.metrics(), 'b{kind="x"} 1');
  write('3s', '0s');
  await listener.reload();
  await sendUdp(port, ['a:1|c', 'b.x:1|c', 'b.y:1|c']);

  await untilShown(() => registry.metrics(), 'a 2');
  await expect.poll(() => registry.metrics()).not.toMatch(/^a /m);
  expect(await registry.metrics()).toContain('\nb{kind="x"} 2\nb{kind="y"} 1\n');
});
