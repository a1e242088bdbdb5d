import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import { valuesOf } from '../multiprocess/support/exposition';
import { spawn } from '../multiprocess/support/member';
import { scale, timeout } from './support/scale';

test('a counter counts on after timeouts of scripts have ended the making of its series', {
  timeout,
}, async () => {
  const rounds = 100 * scale;
  const member = await spawn({ directory: newDirectory() });
  const counted = await member.run(({ Counter }, count) => {
    const { createContext, Script } = process.getBuiltinModule('node:vm');
    const counter = new Counter({ name: 'c_total', help: 'h', labelNames: ['a'] });
    let done = 0;
    const context = createContext({
      step() {
        counter.inc({ a: done });
        done++;
      },
    });
    const script = new Script('for (;;) step();');
    for (let round = 0; round < count; round++) {
      try {
        script.runInContext(context, { timeout: 2 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      }
    }
    for (let a = 0; a < 10_000; a++) counter.inc({ a: `later ${a}` });
    return done + 10_000;
  }, rounds);

  const values = [...valuesOf(await member.scrape())].filter(([name]) => name.startsWith('c_total{'));
  const later = values.filter(([name]) => name.includes('later'));
  expect(later.map(([, value]) => value)).toEqual(Array(10_000).fill(1));
  const sum = values.reduce((total, [, value]) => total + value, 0);
  // An update that was ended may have been made.
  expect(sum).toBeGreaterThanOrEqual(counted);
  expect(sum).toBeLessThanOrEqual(counted + rounds);
});
