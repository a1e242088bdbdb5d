import { badOption, unknownFamily, unknownRegistry } from '../../errors';
import type { ExpositionFormat } from '../../exposition/document';
import { nearestTo } from '../../model/nearest';
import { observeGroup } from '../../store/current';
import type { GroupStore } from '../../store/group-store';
import type { View } from '../../store/store';
import { groupHelp, groupOption, type Options, printJson } from '../command';
import { chooseGroup, requireCounts } from '../groups';

export const summary: string = 'the exposition of a group, also of a hung, stopped or crashed application';

export const help: string = `Usage: prom-client-mmap dump [GROUP] [OPTIONS]

Writes the exposition of a group to the standard output: all registries of all its processes, merged as a scrape merges them. It
reads the files of the group and asks no process, so it also works when the application is hung, stopped or has crashed. Gauges
of \`collect\` functions have the values of the last scrape, unless --collect asks for new ones.

${groupHelp}

Options:
  --format FORMAT    text (default), openmetrics, openmetrics2 (2.0-rc) or protobuf (delimited), these two with native
                     histograms and start times, or json (the objects of prom-client's getMetricsAsJSON())
  --pid PID          only this living process
  --per-process      the numbers of each process apart, with its pid in the label \`pid\`
  --name NAME        only this family; may be repeated
  --registry NAME    only the registry of this name; may be repeated
  --collect          asks the living processes to run their \`collect\` functions, and waits for 1 s at most
  --self-metrics     adds the families about the group itself, prom_client_mmap_*; json has none
  --allow-shared-directory   reads a directory in which other users may write

Exit code: 0; 1 if there is no such group, process, family or registry, or it cannot be read; 2 for a wrong option.

Examples:
  $ npx prom-client-mmap dump                        # the only group, as /metrics shows it
  $ npx prom-client-mmap dump 4711 --per-process --name http_requests_total
  $ npx prom-client-mmap dump /dev/shm/my-app --format openmetrics`;

export const options: Options = {
  ...groupOption,
  format: { type: 'string', default: 'text' },
  pid: { type: 'string' },
  'per-process': { type: 'boolean', default: false },
  name: { type: 'string', multiple: true },
  registry: { type: 'string', multiple: true },
  collect: { type: 'boolean', default: false },
  'self-metrics': { type: 'boolean', default: false },
};

/** By the name that the user gives; undefined for JSON. */
const formats: ReadonlyMap<string, ExpositionFormat | undefined> = new Map([
  ['text', 'prometheus'],
  ['openmetrics', 'openmetrics-1.0.0'],
  ['openmetrics2', 'openmetrics-2.0.0'],
  ['protobuf', 'protobuf'],
  ['json', undefined],
]);

interface Values {
  readonly format: string;
  readonly pid?: string;
  readonly 'per-process': boolean;
  readonly name?: readonly string[];
  readonly registry?: readonly string[];
  readonly collect: boolean;
  readonly 'self-metrics': boolean;
  readonly 'allow-shared-directory': boolean;
}

export async function run(values: Values, [group]: readonly string[]): Promise<void> {
  const format = formats.get(values.format);
  if (!formats.has(values.format)) {
    throw badOption('--format', [...formats.keys()].join(', '), values.format, 'choose one of them');
  }
  const pid = values.pid === undefined ? undefined : Number(values.pid);
  if (pid !== undefined && !(Number.isSafeInteger(pid) && pid > 0)) {
    throw badOption('--pid', 'the pid of a process', values.pid, '`list` shows those of each group');
  }
  const directory = await chooseGroup(group, 'dump', values);
  requireCounts(directory);
  const store = observeGroup(directory, {
    collectDeadlineMs: values.collect ? 1000 : 0,
    selfMetrics: values['self-metrics'] ? 'all' : 'none',
    allowSharedDirectory: values['allow-shared-directory'],
  });
  const view: View = {
    scopes: values.registry ?? [''],
    defaultLabels: true,
    perOwner: values['per-process'],
    ...(pid === undefined ? {} : { pid }),
    names: values.name,
  };
  if (format === undefined) printJson(await store.families(view));
  else process.stdout.write(await store.bytes(view, format));
  await requireNamed(store, view, values.registry ?? []);
}

/** A registry or a family that the group does not have looks like one without numbers. */
async function requireNamed(store: GroupStore, view: View, registries: readonly string[]): Promise<void> {
  for (const registry of registries) {
    if (!(await store.hasFamilies(registry))) throw unknownRegistry(registry);
  }
  for (const name of view.names ?? []) {
    // The families as objects lack those about the group itself.
    const exposition = await store.text({ ...view, names: [name] }, 'prometheus');
    if (exposition.trim() !== '') continue;
    const known = await store.families({ ...view, names: undefined });
    const names = known.map((family) => family.name);
    throw unknownFamily(name, familyLike(name, names));
  }
}

/** The family of the sample with this name, or the one that it is a slip of. */
function familyLike(name: string, known: readonly string[]): string | undefined {
  const family = name.replace(/_(bucket|sum|count|created)$/, '');
  return [family, `${name}_total`].find((one) => known.includes(one)) ?? nearestTo(name, known);
}
