import { describe, expect, test, vi } from 'vitest';
import { callSites } from '../../src/registry/call-sites';
import { ClusterRegistry } from '../../src/registry/cluster-registry';
import { prometheusContentType } from '../../src/registry/content-type';
import { Registry } from '../../src/registry/registry';

const scopeOf = (registry: Registry): string | undefined => registry.scopes()[0];

describe('the place where a registry is made', () => {
  test('has the callers of the function that makes it', () => {
    const make = (): Registry => new Registry();
    const makeLater = (): Registry => make();
    const scopes = [make(), make(), makeLater(), makeLater()].map(scopeOf);

    expect(new Set(scopes).size).toBe(4);
    expect(scopes).not.toContain(undefined);
  });

  test('ends at an await, before which there may be any function', async () => {
    const make = async (): Promise<Registry> => {
      await null;
      return new Registry();
    };
    const first = await make();
    expect(scopeOf(first)).toMatch(/^at:/);
    const second = await make();

    expect([first, second].map(scopeOf)).toEqual([undefined, undefined]);
  });

  test('is that of classes and functions that make one', () => {
    class OwnRegistry extends Registry {}
    const proxy = new Proxy(Registry, {});
    const scopes = [
      new OwnRegistry(),
      new proxy(),
      Reflect.construct(Registry, [], OwnRegistry) as Registry,
      new ClusterRegistry(),
      Registry.merge([new Registry(prometheusContentType, { name: 'a' })]),
    ].flatMap((registry) => registry['$scope'].shown);

    expect(new Set(scopes).size).toBe(5);
    expect(scopes.every((scope) => scope.startsWith('at:'))).toBe(true);
  });

  test('is nowhere for a registry of other numbers', () => {
    expect(Registry.aggregate([]).scopes()).toEqual([]);
  });

  test('that has another registry makes both private, and others stay shared', async () => {
    const make = (): Registry => new Registry();
    const alone = make();
    const many = [1, 2, 3].map(make);

    expect(many.map(scopeOf)).toEqual([undefined, undefined, undefined]);
    expect(scopeOf(alone)).toMatch(/^at:/);
    expect(await many[0]?.metrics()).toBe('\n');
  });
});

describe('callSites()', () => {
  test('leaves the settings of Error as they are, and does not call a formatting function', () => {
    const format = vi.fn(() => 'formatted');
    const before = { ...Error, limit: Error.stackTraceLimit, format: Error.prepareStackTrace };
    Error.stackTraceLimit = 0;
    Error.prepareStackTrace = format;
    const sites = callSites();
    const after = { limit: Error.stackTraceLimit, format: Error.prepareStackTrace };
    Error.stackTraceLimit = before.limit;
    Error.prepareStackTrace = before.format;

    expect(after).toEqual({ limit: 0, format });
    expect(format).not.toHaveBeenCalled();
    expect(sites.length).toBeGreaterThan(2);
    expect(sites[0]?.file).toMatch(/call-sites\.ts$/);
    expect(sites[1]?.position).toMatch(/identity\.test\.ts:\d+:\d+$/);
  });

  test('reads the text of a stack where it cannot have the frames', () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
    Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: false, configurable: true });
    const sites = callSites();
    Object.defineProperty(Error, 'stackTraceLimit', { ...limit });

    expect(sites[0]).toEqual({
      file: expect.stringMatching(/call-sites\.ts$/),
      functionName: expect.stringMatching(/callSites$/),
      position: expect.stringMatching(/call-sites\.ts:\d+:\d+$/),
      isModule: false,
      isAwaiting: false,
    });
    expect(sites[1]?.position).toMatch(/identity\.test\.ts:\d+:\d+$/);
  });
});
