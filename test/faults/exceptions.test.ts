import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, spawn } from '../multiprocess/support/member';

test('a call of the addon that C++ answers with an exception throws an error, and the process goes on', async () => {
  const member = await spawn();
  const addon = createRequire(__filename).resolve(join(root, 'build', 'Release', 'prom_client_mmap.node'));
  const error = await member.run((_, path) => {
    const { createRequire } = process.getBuiltinModule('node:module');
    const { Segment } = createRequire(path)(path);
    const segment = new Segment(undefined, 0, 2 ** 20, new Int32Array(3));
    try {
      segment.addSeries(); // fewer than no labels: the list of labels would be longer than any memory
      return 'no error';
    } catch (error) {
      const { errno, syscall } = error as NodeJS.ErrnoException;
      return { isError: error instanceof Error, errno, syscall };
    }
  }, addon);

  expect(error).toEqual({ isError: true, errno: -22, syscall: 'call' });
  expect(await member.scrape()).toBe('\n');
});
