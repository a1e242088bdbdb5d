import { keyOf, parse } from '../multiprocess/support/exposition';

/** What is the same in two expositions of the same numbers: not the orders, not how numbers are spelled. */
export type Canonical = Readonly<
  Record<
    string,
    { readonly type: string; readonly help: string; readonly samples: Readonly<Record<string, number>> }
  >
>;

/** `owners` says which value of the label `pid` is which process of the trace. Families without samples do not count. */
export function canonical(text: string, owners: ReadonlyMap<string, number> = new Map()): Canonical {
  const families = parse(text).filter(({ samples }) => samples.length > 0);
  return Object.fromEntries(
    families.map(({ name, type, help, samples }) => {
      const entries = samples.map((sample) => {
        const { le, pid } = sample.labels;
        const labels = {
          ...sample.labels,
          ...(le === undefined || le === '+Inf' ? {} : { le: String(Number(le)) }),
          ...(pid === undefined ? {} : { pid: `process ${owners.get(pid) ?? pid}` }),
        };
        return [keyOf({ name: sample.name, labels }), sample.value] as const;
      });
      return [name, { type, help, samples: Object.fromEntries(entries) }];
    }),
  );
}
