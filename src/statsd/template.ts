/** The numbers and names of captures in a template, and their texts. */
export type Captures = (reference: string) => string | undefined;

const globReference = /\$\{?([a-zA-Z0-9_$]+)\}?/g;
const regexReference = /\$(?:(\$)|\{(\w+)\}|(\w+))/g;

/**
 * A template of a mapping file with its references filled in, as Go does it: a reference without braces goes on as far as letters, digits and
 * underscores do, so `$1_total` names a capture `1_total`. One without a capture is empty. `$$` is a dollar where the match is a regular
 * expression.
 */
export function filledTemplate(text: string, matchType: 'glob' | 'regex', captures: Captures): string {
  if (matchType === 'glob')
    return text.replace(globReference, (_all, reference: string) => captures(reference) ?? '');
  return text.replace(
    regexReference,
    (_all, dollar: string | undefined, braced: string | undefined, plain: string | undefined) =>
      dollar ?? captures(braced ?? plain ?? '') ?? '',
  );
}

/** Of the components that `*` stands for, from 1. */
export function globCaptures(components: readonly string[]): Captures {
  return (reference) => (/^\d+$/.test(reference) ? components[Number(reference) - 1] : undefined);
}

/** Of the groups of an expression, by number or name. 0 is all that matched. */
export function groupCaptures(found: RegExpExecArray): Captures {
  return (reference) => (/^\d+$/.test(reference) ? found[Number(reference)] : found.groups?.[reference]);
}

/** The references of a template that no match can have a capture for. */
export function unknownReferences(text: string, match: string | RegExp): string[] {
  const unknown: string[] = [];
  // An expression that may also match nothing has all its groups, each of them empty.
  const found = typeof match === 'string' ? null : new RegExp(`${match.source}|`).exec('');
  const known =
    typeof match === 'string'
      ? globCaptures(match.split('.').filter((component) => component === '*'))
      : (reference: string): string | undefined => {
          const isGroup =
            found !== null && (Number(reference) < found.length || reference in (found.groups ?? {}));
          return isGroup ? '' : undefined;
        };
  filledTemplate(text, typeof match === 'string' ? 'glob' : 'regex', (reference) => {
    if (known(reference) === undefined) unknown.push(reference);
    return '';
  });
  return unknown;
}
