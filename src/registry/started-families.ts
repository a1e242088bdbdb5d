import type { TextFamily } from '../exposition/text';
import type { OwnRegistry } from './registry';

/**
 * The families of the group with the times since when their series count: the first sample of each series has the earliest one of all
 * processes, where it is known. Runs the `collect` functions, as a scrape does, and rejects as that.
 */
export async function startedFamilies(registry: OwnRegistry): Promise<TextFamily[]> {
  const shown = await registry['$shown']({ view: 'group' });
  return shown.objects(true);
}
