import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newDirectory } from '../multiprocess/support/directories';
import type { Canonical } from './canonical';
import { replay } from './replay';
import type { Trace } from './trace';

// Traces of generator.ts with all ten modes of gauges. What is expected of them is recorded: prometheus_client 0.26.0
// was told them by replay.py, and a model of its rules that does not use it gave the same.
const directory = join(__dirname, 'recorded');

test.each(readdirSync(directory))(
  "a group of processes shows what Python's client showed, %s",
  async (file) => {
    const recorded = JSON.parse(readFileSync(join(directory, file), 'utf8'));
    const { expected, ...trace }: Trace & { readonly expected: Canonical[] } = recorded;

    expect(await replay(trace, newDirectory())).toEqual(expected);
  },
);
