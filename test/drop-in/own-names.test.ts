import * as judge from 'prom-client';
import { expect, test } from 'vitest';
import * as ours from '../../src/index';

type Library = typeof judge;
const classes = ['Counter', 'Gauge', 'Histogram', 'Summary'] as const;
const help = 'h';

interface AnyMetric {
  [member: string]: (...args: unknown[]) => AnyMetric;
}
type AnyClass = new (config: object) => AnyMetric;

function classOf(library: object, name: string): AnyClass {
  return (library as Record<string, AnyClass>)[name] as AnyClass;
}

/** Of the prototypes between a class and Object. */
function memberNames(Class: AnyClass): string[] {
  const names: string[] = [];
  let prototype = Class.prototype;
  while (prototype !== Object.prototype) {
    names.push(...Object.getOwnPropertyNames(prototype));
    prototype = Object.getPrototypeOf(prototype);
  }
  return names;
}

/** What docs/api.md adds to prom-client, and prom-client's own fields that are accessors here. */
const additions = [
  ...['scopes', 'resetGroup', 'removeFromGroup', 'getMetricsAsBuffer', 'exposition', 'getGroupMetricsAsJSON'],
  ...['status', '_metrics', '_defaultLabels', 'hashMap', 'inc', 'observe'],
];

test.each([...classes, 'Registry'] as const)(
  '%s has no names but those of prom-client, documented ones, and $names',
  (name) => {
    const known = new Set([...memberNames(classOf(judge, name)), ...additions]);
    const others = memberNames(classOf(ours, name)).filter((member) => !known.has(member));

    expect(others.length).toBeGreaterThan(5);
    expect(others.filter((member) => !member.startsWith('$'))).toEqual([]);
    const registry = new ours.Registry();
    const fields = Object.keys(registry).filter((field) => !field.startsWith('$'));
    expect(fields).toEqual([]);
  },
);

test.each(classes)('properties of the configuration of a %s that mean nothing do nothing', async (name) => {
  const shown: string[] = [];
  for (const library of [ours as unknown as Library, judge]) {
    const { register, Registry } = library;
    register.clear();
    // `register` in place of `registers` is a slip that prom-client does not notice.
    const odd = {
      register: new Registry(),
      registry: new Registry(),
      check: true,
      samples: 5,
      family: 'f',
      bind: [],
      hashMap: {},
    };
    const config = { name: 'm', help, labelNames: ['a'], percentiles: [], buckets: [1], ...odd };
    const metric = new (classOf(library, name))(config);
    const write = name === 'Gauge' ? 'set' : name === 'Counter' ? 'inc' : 'observe';
    metric[write]?.({ a: 'x' }, 2);
    metric['labels']?.('y')[write]?.(3);
    metric['remove']?.('z');
    shown.push(await register.metrics());
    metric['reset']?.();
    shown.push(await register.metrics());
  }
  expect(shown.slice(0, 2)).toEqual(shown.slice(2));
  expect(shown[0]).toContain('{a="x"} 2');
});

test('a subclass of the application may have members of any ordinary name', async () => {
  const shown: unknown[] = [];
  for (const { Counter, Registry } of [ours as unknown as Library, judge]) {
    class Named extends Registry {
      readonly type = 'business';
      readonly scope = 'shop';
      readonly sources = 1;
      readonly format = 'x';
      list(): string[] {
        return this.getMetricsAsArray().map(({ name }) => name);
      }
      bytes = (): number => 0;
    }
    class Checked extends Counter {
      readonly samples = 4;
      readonly family = 'f';
      check(): boolean {
        return true;
      }
      refresh(): void {
        this.inc();
      }
      register(): void {}
    }
    const registry = new Named();
    registry.setDefaultLabels({ app: 'x' });
    const counter = new Checked({ name: 'c', help, registers: [registry] });
    counter.refresh();
    shown.push([await registry.metrics(), registry.list(), registry.contentType, await counter.get()]);
  }
  expect(shown[0]).toEqual(shown[1]);
});

test('a registry that is put in the place of the global one gets the metrics that name none', async () => {
  const shown: unknown[] = [];
  for (const library of [ours as unknown as Library, judge]) {
    const { Gauge } = library;
    const Registry = library.Registry as typeof judge.Registry & { globalRegistry: judge.Registry };
    const { globalRegistry } = Registry;
    Registry.globalRegistry = new Registry();
    new Gauge({ name: 'elsewhere', help }).set(1);
    shown.push([await Registry.globalRegistry.metrics(), globalRegistry.getSingleMetric('elsewhere')]);
    Registry.globalRegistry = globalRegistry;
  }
  expect(shown[0]).toEqual(shown[1]);
});
