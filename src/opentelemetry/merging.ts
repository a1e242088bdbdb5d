import type { MergeMode } from '../model/family';
import type { InstrumentDescriptor } from './api';

/** Instruments of the machine or container: each process reports the same number, so the numbers are not added up. */
const ofMachine = /^(?:system|container|hw)\./;

/** Observable gauges whose names tell how the processes' values become one; the first that applies. */
const gaugesByName: readonly (readonly [RegExp, MergeMode])[] = [
  [/\.utilization$|^nodejs\.eventloop\.delay\.(?:mean|stddev)$/, 'average'],
  [/^nodejs\.eventloop\.delay\.min$/, 'livemin'],
  [/^nodejs\.eventloop\.delay\.|^(?:system|container|hw)\./, 'livemax'],
  [/^process\.memory\.|^v8js\./, 'livesum'],
];

/**
 * How the values of several processes become one. Counters and histograms are added up, dead processes included. An
 * up-down-counter is the sum over the living: a dead process has no open requests. A gauge has the most recent value. An
 * observable gauge is averaged, because all processes observe at each scrape, and their sum has no meaning.
 */
export function mergeModeOf({ name, type }: Pick<InstrumentDescriptor, 'name' | 'type'>): MergeMode {
  switch (type) {
    case 'COUNTER':
    case 'HISTOGRAM':
      return 'sum';
    case 'OBSERVABLE_COUNTER':
      // The largest ever seen: without the dead the counter would decrease when the largest process ends.
      return ofMachine.test(name) ? 'max' : 'sum';
    case 'UP_DOWN_COUNTER':
      return 'livesum';
    case 'OBSERVABLE_UP_DOWN_COUNTER':
      return ofMachine.test(name) ? 'livemax' : 'livesum';
    case 'GAUGE':
      return 'livemostrecent';
    case 'OBSERVABLE_GAUGE':
      return gaugesByName.find(([pattern]) => pattern.test(name))?.[1] ?? 'average';
  }
}
