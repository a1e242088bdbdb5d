import { afterEach, describe, expect, test, vi } from 'vitest';
import { configure, type GroupOptions } from '../../src/index';
import { resolveOptions } from '../../src/store/options';

afterEach(() => vi.unstubAllEnvs());

interface Case {
  readonly name: keyof GroupOptions;
  readonly usual: unknown;
  /** An acceptable value, and its text in the environment. */
  readonly value: unknown;
  readonly variable: string;
  readonly text: string;
  readonly bad: readonly unknown[];
  readonly badText: string;
}

const cases: readonly Case[] = [
  {
    name: 'dir',
    usual: undefined,
    value: '/metrics/app',
    variable: 'PROM_CLIENT_MMAP_DIR',
    text: '/metrics/app',
    bad: ['', 5, null, ['/tmp']],
    badText: '',
  },
  {
    name: 'allowSharedDirectory',
    usual: false,
    value: true,
    variable: 'PROM_CLIENT_MMAP_ALLOW_SHARED_DIRECTORY',
    text: '1',
    bad: ['true', 1, null],
    badText: 'yes',
  },
  {
    name: 'shared',
    usual: true,
    value: false,
    variable: 'PROM_CLIENT_MMAP_SHARED',
    text: '0',
    bad: ['false', 0, null],
    badText: '2',
  },
  {
    name: 'maxSegmentBytes',
    usual: 2 ** 28,
    value: 2 ** 20,
    variable: 'PROM_CLIENT_MMAP_MAX_SEGMENT_BYTES',
    text: '1048576',
    bad: [NaN, Infinity, -1, 0, 0.5, '1048576', null],
    badText: '1 MiB',
  },
  {
    name: 'maxGroupBytes',
    usual: 2 ** 31,
    value: 2 ** 20,
    variable: 'PROM_CLIENT_MMAP_MAX_GROUP_BYTES',
    text: ' 1048576 ',
    bad: [NaN, Infinity, -1, 0, 0.5, '1048576', null],
    badText: '-5',
  },
  {
    name: 'maxSeries',
    usual: 250_000,
    value: Infinity,
    variable: 'PROM_CLIENT_MMAP_MAX_SERIES',
    text: 'Infinity',
    bad: [NaN, -1, 1.5, -Infinity, '1000', null],
    badText: '1000 series',
  },
  {
    name: 'persist',
    usual: false,
    value: true,
    variable: 'PROM_CLIENT_MMAP_PERSIST',
    text: 'true',
    bad: ['yes', 1, null],
    badText: 'on',
  },
  {
    name: 'collectDeadlineMs',
    usual: 100,
    value: 2.5,
    variable: 'PROM_CLIENT_MMAP_COLLECT_DEADLINE_MS',
    text: '2.5',
    bad: [NaN, Infinity, -1, '100', null],
    badText: '1s',
  },
  {
    name: 'selfMetrics',
    usual: 'trouble',
    value: 'all',
    variable: 'PROM_CLIENT_MMAP_SELF_METRICS',
    text: 'all',
    bad: ['some', '', true, null],
    badText: 'ALL',
  },
];

describe.each(cases)('the option $name', ({ name, usual, value, variable, text, bad, badText }) => {
  const resolved = (options: GroupOptions = {}): unknown => resolveOptions(options)[name];

  test('has a default', () => {
    expect(resolved()).toBe(usual);
    expect(resolved({ [name]: undefined })).toBe(usual);
  });

  test(`comes from ${variable}, unless configure() has it`, () => {
    vi.stubEnv(variable, text);
    expect(resolved()).toBe(value);
    expect(resolved({ [name]: usual })).toBe(usual ?? value);
    vi.stubEnv(variable, ' ');
    expect(resolved()).toBe(usual);
  });

  test.each(bad)('is not %o', (other) => {
    const refused = (): void => configure({ [name]: other });

    expect(refused).toThrow(TypeError);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_VALUE',
        message: expect.stringMatching(
          new RegExp(
            `^Expected configure\\(\\{ ${name} \\}\\) to be .*, but got .*: correct it, or leave it out`,
          ),
        ),
      }),
    );
  });

  test.runIf(badText !== '')(`has its default where ${variable} makes no sense, and a warning`, () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
    vi.stubEnv(variable, badText);

    expect(resolved()).toBe(usual);
    expect(warning).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(`^Expected ${variable} to be .*, but got '${badText}': .* the default, ${usual}`),
      { type: 'PromClientMmapWarning', code: 'ERR_OPTION_VALUE' },
    );
    warning.mockRestore();
  });
});

describe('configure()', () => {
  test.each([
    ['maxseries', 'maxSeries'],
    ['max_series', 'maxSeries'],
    ['maxSegmentByte', 'maxSegmentBytes'],
    ['colectDeadlineMs', 'collectDeadlineMs'],
    ['Dir', 'dir'],
  ])('does not know %s, and asks whether %s was meant', (slip, name) => {
    const refused = (): void => configure({ [slip]: 1 } as GroupOptions);

    expect(refused).toThrow(TypeError);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION_UNKNOWN',
        message: `Expected only options of configure(), but got '${slip}': did you mean ${name}?`,
      }),
    );
  });

  test('lists its options where none is near, also to a name that every object has', () => {
    for (const name of ['prefix', 'toString']) {
      const list = /the options are dir, allowSharedDirectory, shared, .*, selfMetrics, nameValidation$/;
      expect(() => configure({ [name]: undefined } as GroupOptions)).toThrow(list);
    }
  });

  test.each([undefined, null, 'dir', 5])('does not take %o for options', (value) => {
    expect(() => configure(value as unknown as GroupOptions)).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION_VALUE' }),
    );
  });
});

test('the directory comes from the first variable that is set', () => {
  vi.stubEnv('prometheus_multiproc_dir', '/third');
  expect(resolveOptions({}).dir).toBe('/third');
  vi.stubEnv('PROMETHEUS_MULTIPROC_DIR', '/second');
  expect(resolveOptions({}).dir).toBe('/second');
  vi.stubEnv('PROM_CLIENT_MMAP_DIR', '/first');
  expect(resolveOptions({}).dir).toBe('/first');
  expect(resolveOptions({ dir: '/chosen' }).dir).toBe('/chosen');
});
