import { isAbsolute, resolve } from 'node:path';
import { badOption, unknownOption } from '../errors';
import type { NameValidation } from '../model/names';
import { nearestTo } from '../model/nearest';
import { realProcess } from '../process';
import type { ViewKind } from '../types/registry';
import { warn } from './warnings';

/** How a process takes part in its group. An option that is left out comes from its environment variable, else from its default. */
export interface GroupOptions {
  /** The group's directory. Default: by the rules of docs/design.md, "Groups". `PROM_CLIENT_MMAP_DIR`. */
  readonly dir?: string | undefined;
  /**
   * `true` accepts a directory in which other users may write. They can then remove counts, and a scrape by root shows files that
   * they make. Default `false`: this process counts for itself, with a warning. `PROM_CLIENT_MMAP_ALLOW_SHARED_DIRECTORY`.
   */
  readonly allowSharedDirectory?: boolean | undefined;
  /**
   * `false` counts in this process only, in plain memory, as prom-client does. Default `true`, but in the thread that runs tests
   * `false`: see docs/testing.md. `PROM_CLIENT_MMAP_SHARED`.
   */
  readonly shared?: boolean | undefined;
  /**
   * The path of the native addon, `build/Release/prom_client_mmap.node` of the package, where a bundler moves the code to another place; see
   * docs/bundlers.md. Default: the package is searched for. `PROM_CLIENT_MMAP_ADDON`.
   */
  readonly addon?: string | undefined;
  /**
   * `true` has the processes that this one starts (`fork()`, `spawn()`) join its group, through the variable
   * `PROM_CLIENT_MMAP_GROUP` of their environment. Default `false`: a child may be another application. Cluster workers and worker
   * threads join always. `PROM_CLIENT_MMAP_SHARE_WITH_CHILDREN`.
   */
  readonly shareWithChildren?: boolean | undefined;
  /** Bytes of this thread's segment; series beyond count in this process only. Default 256 MiB. `PROM_CLIENT_MMAP_MAX_SEGMENT_BYTES`. */
  readonly maxSegmentBytes?: number | undefined;
  /**
   * Bytes of all segments of the group; beyond it none grows, and a new one gets its first 64 KiB. Default 2 GiB.
   * `PROM_CLIENT_MMAP_MAX_GROUP_BYTES`.
   */
  readonly maxGroupBytes?: number | undefined;
  /**
   * Series (label sets) of this thread at one time; updates of more are dropped, warned about once and counted in
   * `prom_client_mmap_dropped_updates_total`. Default 250,000; `Infinity` is no limit. `PROM_CLIENT_MMAP_MAX_SERIES`.
   */
  readonly maxSeries?: number | undefined;
  /**
   * `true` keeps the counts when all processes of the group have ended, in a directory that stays. By default the next process
   * begins at zero. `PROM_CLIENT_MMAP_PERSIST`.
   */
  readonly persist?: boolean | undefined;
  /**
   * Milliseconds that a scrape waits for the `collect` functions of other processes; a process that is later is read as it is. 0
   * does not ask the others. Default 100. `PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS`.
   */
  readonly collectDeadlineMs?: number | undefined;
  /**
   * Whose numbers `metrics()` shows when it is not told: those of the group, of the process that is asked with all its threads
   * (for a port of each process), or of the thread that is asked. Default `'group'`. `PROM_CLIENT_MMAP_VIEW`.
   */
  readonly view?: ViewKind | undefined;
  /**
   * The families about the group itself, `prom_client_mmap_*`, in an exposition: those that report trouble, while there is some
   * (`'trouble'`, the default), all or none; see docs/reliability.md. `PROM_CLIENT_MMAP_SELF_METRICS`.
   */
  readonly selfMetrics?: 'none' | 'trouble' | 'all' | undefined;
  /**
   * Which names metrics and labels may have: `'legacy'`, letters, digits and underscores, or `'utf8'`, any text, which Prometheus 3
   * accepts. Other scrapers get such names escaped; see docs/formats.md. Default `'legacy'`. `PROM_CLIENT_MMAP_NAME_VALIDATION`.
   */
  readonly nameValidation?: NameValidation | undefined;
}

type Name = keyof GroupOptions;

type Undecided = 'dir' | 'addon';

/** All options with a value; without `dir` the rules of docs/design.md decide, without `addon` it is searched for. */
export type ResolvedOptions = Pick<GroupOptions, Undecided> & {
  readonly [K in Exclude<Name, Undecided>]-?: Exclude<GroupOptions[K], undefined>;
};

interface Kind {
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** The value that the text of an environment variable stands for. */
  parse(text: string): unknown;
}

interface Option extends Kind {
  readonly default: unknown;
  /** The first one that is set and not empty counts. */
  readonly variables: readonly string[];
}

const path: Kind = {
  expected: 'the path of a directory',
  accepts: (value) => typeof value === 'string' && value !== '',
  parse: (text) => text,
};

const file: Kind = { ...path, expected: 'the path of a file' };

const flag: Kind = {
  expected: 'true or false (1 or 0 in the environment)',
  accepts: (value) => typeof value === 'boolean',
  parse: (text) => ({ true: true, '1': true, false: false, '0': false })[text] ?? text,
};

const number = (expected: string, accepts: (value: number) => boolean): Kind => ({
  expected,
  accepts: (value) => typeof value === 'number' && accepts(value),
  parse: Number,
});

const bytes = number('a positive whole number of bytes', (value) => Number.isSafeInteger(value) && value > 0);

const series = number(
  'a whole number of series, or Infinity',
  (value) => value === Infinity || (Number.isSafeInteger(value) && value >= 0),
);

const milliseconds = number(
  'a finite number of milliseconds that is not negative',
  (value) => value >= 0 && value < Infinity,
);

const families: Kind = {
  expected: "'none', 'trouble' or 'all'",
  accepts: (value) => value === 'none' || value === 'trouble' || value === 'all',
  parse: (text) => text,
};

const views: Kind = {
  expected: "'group', 'process' or 'thread'",
  accepts: (value) => value === 'group' || value === 'process' || value === 'thread',
  parse: (text) => text,
};

const validations: Kind = {
  expected: "'legacy' or 'utf8'",
  accepts: (value) => value === 'legacy' || value === 'utf8',
  parse: (text) => text,
};

const option = (kind: Kind, usual: unknown, ...variables: readonly string[]): Option => ({
  ...kind,
  default: usual,
  variables,
});

const table: { readonly [K in Name]-?: Option } = {
  dir: option(
    path,
    undefined,
    'PROM_CLIENT_MMAP_DIR',
    'PROMETHEUS_MULTIPROC_DIR',
    'prometheus_multiproc_dir',
  ),
  allowSharedDirectory: option(flag, false, 'PROM_CLIENT_MMAP_ALLOW_SHARED_DIRECTORY'),
  shared: option(flag, true, 'PROM_CLIENT_MMAP_SHARED'),
  addon: option(file, undefined, 'PROM_CLIENT_MMAP_ADDON'),
  shareWithChildren: option(flag, false, 'PROM_CLIENT_MMAP_SHARE_WITH_CHILDREN'),
  maxSegmentBytes: option(bytes, 256 * 1024 * 1024, 'PROM_CLIENT_MMAP_MAX_SEGMENT_BYTES'),
  maxGroupBytes: option(bytes, 2 * 1024 * 1024 * 1024, 'PROM_CLIENT_MMAP_MAX_GROUP_BYTES'),
  maxSeries: option(series, 250_000, 'PROM_CLIENT_MMAP_MAX_SERIES'),
  persist: option(flag, false, 'PROM_CLIENT_MMAP_PERSIST'),
  collectDeadlineMs: option(milliseconds, 100, 'PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS'),
  view: option(views, 'group', 'PROM_CLIENT_MMAP_VIEW'),
  selfMetrics: option(families, 'trouble', 'PROM_CLIENT_MMAP_SELF_METRICS'),
  nameValidation: option(validations, 'legacy', 'PROM_CLIENT_MMAP_NAME_VALIDATION'),
};

/** Throws a TypeError with code `ERR_OPTION_UNKNOWN` or `ERR_OPTION_VALUE`. An option that is undefined counts as left out. */
export function checkOptions(options: unknown): asserts options is GroupOptions {
  if (typeof options !== 'object' || options === null) {
    throw badOption(
      'the argument of configure()',
      'an object of options',
      options,
      'call configure({ dir })',
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(table, name))
      throw unknownOption(name, nearestTo(name, Object.keys(table)), Object.keys(table), 'configure()');
    const { expected, accepts, default: usual } = table[name as Name];
    if (value === undefined || accepts(value)) continue;
    throw badOption(
      `configure({ ${name} })`,
      expected,
      value,
      `correct it, or leave it out for ${usualText(usual)}`,
    );
  }
}

/** Completes checked options from the environment, then with defaults. Warns about a variable that is not acceptable. */
export function resolveOptions(chosen: GroupOptions): ResolvedOptions {
  const names = Object.keys(table) as Name[];
  return Object.fromEntries(names.map((name) => [name, resolveOption(name, chosen)])) as ResolvedOptions;
}

/** One of them. */
export function resolveOption<N extends Name>(name: N, chosen: GroupOptions): ResolvedOptions[N] {
  return (chosen[name] ?? fromEnvironment(table[name]) ?? table[name].default) as ResolvedOptions[N];
}

/**
 * Makes the directory in the environment absolute: a process that changes its working directory, and those that it starts, go on
 * meaning the same one. To be called before the application can do so.
 */
export function resolveDirectoryVariables(): void {
  for (const variable of table.dir.variables) {
    const text = realProcess.env[variable]?.trim();
    if (text && !isAbsolute(text)) realProcess.env[variable] = resolve(text);
  }
}

/** Whether `configure()` or the environment has decided about the option. */
export function isDecided(name: Name, chosen: GroupOptions): boolean {
  const { variables, accepts, parse } = table[name];
  const isSet = (variable: string): boolean => {
    const text = realProcess.env[variable]?.trim() ?? '';
    return text !== '' && accepts(parse(text));
  };
  return chosen[name] !== undefined || variables.some(isSet);
}

/** The environment variables of options that are set here. `isAccepted` tells whether the value has an effect. */
export function variablesInUse(): {
  readonly variable: string;
  readonly value: string;
  readonly isAccepted: boolean;
  readonly expected: string;
}[] {
  return Object.values(table).flatMap(({ variables, accepts, parse, expected }) => {
    const set = variables.find((name) => realProcess.env[name]?.trim());
    const value = realProcess.env[set ?? '']?.trim();
    return set === undefined || value === undefined
      ? []
      : [{ variable: set, value, isAccepted: accepts(parse(value)), expected }];
  });
}

function fromEnvironment({ variables, expected, accepts, parse, default: usual }: Option): unknown {
  const variable = variables.find((name) => realProcess.env[name]?.trim());
  const text = realProcess.env[variable ?? '']?.trim();
  if (variable === undefined || text === undefined) return undefined;
  const value = parse(text);
  if (accepts(value)) return value;
  if (!warned.has(variable))
    warn(badOption(variable, expected, text, `until it is corrected, ${usualText(usual)} holds`));
  warned.add(variable);
  return undefined;
}

const warned: Set<string> = new Set();

function usualText(usual: unknown): string {
  return usual === undefined ? 'the default' : `the default, ${usual}`;
}
