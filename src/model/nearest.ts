/** The one of `options` that `name` is probably a slip of: at most every third letter is another. */
export function nearestTo(name: string, options: readonly string[]): string | undefined {
  const distanceTo = (option: string): number => editDistance(name.toLowerCase(), option.toLowerCase());
  const [nearest = ''] = [...options].sort((a, b) => distanceTo(a) - distanceTo(b));
  return distanceTo(nearest) <= nearest.length / 3 ? nearest : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
