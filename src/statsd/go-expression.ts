/** Classes of Go's regular expressions, as the contents of a class of JavaScript. */
const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

const escapes: Readonly<Record<string, string>> = { A: '^', z: '$', a: '\\x07' };

/**
 * A regular expression in the syntax of Go (RE2), as far as JavaScript has the same. Throws a SyntaxError for other syntax, also where
 * JavaScript would take it and mean another thing.
 */
export function goExpression(text: string): RegExp {
  // Flags hold for all that follows, and change no anchor before them.
  const [, start = '', flags = '', rest = text] = /^(\^|\\A)?\(\?([is]+)\)([\s\S]*)$/.exec(text) ?? [];
  const source = (start + rest)
    .replaceAll('(?P<', '(?<')
    .replace(/\[:(\^?)(\w+):\]/g, (all, negated: string, name: string) => {
      const characters = negated === '' ? posixClasses[name] : undefined;
      return characters ?? unsupported(all);
    })
    .replace(/\\(x\{|[\s\S])/g, (all, character: string) => {
      if (/^[dDwWsSbBnrtfvx\W_]$/.test(character)) return all;
      return escapes[character] ?? unsupported(all);
    });
  if (/\(\?(<?[=!])/.test(source)) unsupported('(?= and (?!');
  return new RegExp(source, flags);
}

function unsupported(syntax: string): never {
  throw new SyntaxError(`${syntax} is not supported`);
}
