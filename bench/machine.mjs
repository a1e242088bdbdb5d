import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { packageOf } from './rivals.mjs';

/** The properties of this machine on which the figures depend. */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    gibibytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}, ${release()}`,
    node: process.version,
    v8: process.versions.v8,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    date: new Date().toISOString().slice(0, 10),
  };
}

export function versionOf(name) {
  const root = new URL('../package.json', import.meta.url);
  const own = JSON.parse(readFileSync(root, 'utf8'));
  if (own.name === name) return own.version;
  const file = new URL(`../node_modules/${packageOf(name)}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
