// Until the addon has its new names: calls of the new names on the old addon.
import type { NativeAddon } from './native';

// biome-ignore lint/suspicious/noExplicitAny: two versions of one interface
type Any = any;

export function adapted(addon: NativeAddon): NativeAddon {
  const old = (addon as Any).Segment.prototype;
  if (typeof old.meetSeries !== 'function' || 'rewrite' in old) return addon;
  const { addScope, addSeries } = old;
  const define = (target: Any, name: string, value: Any): Any =>
    Object.defineProperty(target, name, { value });
  define(old, 'addScope', function (this: Any, id: number, name: string, _flags: number, labels: unknown[]) {
    return addScope.call(this, id, name, labels);
  });
  define(old, 'addSeries', function (this: Any, family: number, cells: number, ...labels: unknown[]) {
    const told: number[] = [];
    const texts: string[] = [];
    const kinds = ['string', 'number', 'boolean', 'null', 'undefined'];
    for (let i = 0; i < labels.length; i += 2) {
      const value = labels[i + 1];
      const kind = kinds.indexOf(value === null ? 'null' : typeof value);
      told.push(labels[i] as number, kind < 0 ? 5 : kind);
      texts.push(`${value}`);
    }
    addSeries.call(this, family, cells, told, ...texts);
  });
  const renamed = {
    rewrite: 'move',
    nameIsCurrent: 'isThere',
    isCompacted: 'isFolded',
    heartbeat: 'beat',
    openWakeup: 'openBell',
    wakeupExists: 'bellIsThere',
    countCompactionFailure: 'countFoldFailure',
  };
  for (const [now, before] of Object.entries(renamed)) define(old, now, old[before]);
  const group = (addon as Any).Group.prototype;
  define(group, 'compact', group.fold);
  return addon;
}
