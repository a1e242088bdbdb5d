import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apgApi, apgLib } from 'apg-js';

export type Version = 1 | 2;

const grammars = new Map<Version, object>();

/** What the grammar of the specification says against an exposition; undefined for nothing. */
export function grammarProblem(text: string, version: Version): string | undefined {
  const characters = Array.from(text, (character) => character.codePointAt(0) as number);
  const { success, maxMatched } = new apgLib.parser().parse(grammarOf(version), 'exposition', characters);
  if (success) return undefined;
  const read = String.fromCodePoint(...characters.slice(Math.max(0, maxMatched - 100), maxMatched));
  const next = String.fromCodePoint(...characters.slice(maxMatched, maxMatched + 20));
  return `no exposition of OpenMetrics ${version}: after ${JSON.stringify(read)} comes ${JSON.stringify(next)}`;
}

function grammarOf(version: Version): object {
  const known = grammars.get(version);
  if (known !== undefined) return known;
  const rules = [`version-${version}`, 'common'].map((name) =>
    readFileSync(join(__dirname, `${name}.abnf`), 'utf8'),
  );
  const api = new apgApi(rules.join('\n'));
  api.generate();
  if (api.errors.length > 0) throw new Error(`The grammar has errors: ${JSON.stringify(api.errors)}`);
  const grammar = api.toObject();
  grammars.set(version, grammar);
  return grammar;
}
