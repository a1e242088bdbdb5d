import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Registry } from '../../src/index';
import { listenStatsd } from '../../src/statsd';
import { newDirectory } from '../multiprocess/support/directories';
import { sendUdp, untilShown } from './support';

test('samples count in a private registry, whose series expire one by one', async () => {
  const registry = new Registry(undefined, { shared: false });
  const mapping = join(newDirectory(), 'mapping.yml');
  writeFileSync(
    mapping,
    'mappings:\n- { match: s.*, name: s, ttl: 1s, labels: { kind: $1 } }\n- { match: stays, name: s }\n',
  );
  const listener = await listenStatsd({ port: 0, registry, mapping });
  onTestFinished(() => listener.close());
  const port = listener.addresses.udp?.port ?? 0;
  await sendUdp(port, ['s.a:1|c', 'stays:2|c', 'wait:100|ms', 'load:3|g|#host:a', 'load:+1|g|#host:a']);

  await untilShown(() => registry.metrics(), 'load{host="a"} 4');
  const text = await registry.metrics();
  expect(text).toContain('\ns{kind="a"} 1\n');
  expect(text).toContain('\ns 2\n');
  expect(text).toContain('\nwait_count 1\n');
  await expect.poll(() => registry.metrics()).not.toContain('s{kind');
  expect(await registry.metrics()).toContain('\ns 2\n');
});
