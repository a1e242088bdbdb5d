import { documentText, familyTexts, type TextFormat, textIn } from '../exposition/document';
import type { TextFamily } from '../exposition/text';
import { lacksAddon, showsSelfMetrics } from '../store/current';

/** The self-metric that says that there is no addon; nothing where there is one. */
export function missingAddonFamilies(): readonly TextFamily[] {
  return lacksAddon() && showsSelfMetrics() ? [family] : [];
}

/** The same as texts. */
export function missingAddonText(format: TextFormat): readonly string[] {
  return missingAddonFamilies().map((own) => textIn(format, own, {}, noNames));
}

/** An exposition with it. */
export function withMissingAddon(text: string, format: TextFormat): string {
  const own = missingAddonText(format);
  return own.length === 0 ? text : documentText([...familyTexts(text, format), ...own], format);
}

const family = {
  name: 'prom_client_mmap_native',
  help: '1 where metrics are shared by the native addon.',
  type: 'gauge',
  aggregator: 'min',
  values: [{ value: 0, labels: {} }],
} as const;

/** The names of other families make no difference for a gauge. */
const noNames: ReadonlySet<string> = new Set();
