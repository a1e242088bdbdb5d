// The only file that needs the package `yaml`: the set-up compiles it together with that package into one file.
import { isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';

/** A document, and where its parts are. */
export interface YamlDocument {
  readonly value: unknown;
  /** The line of the value at a path, or of the nearest part around it that the document has; counted from 1. */
  lineOf(path: readonly (string | number)[]): number;
}

/** A text that is no YAML. */
export interface YamlError {
  readonly line: number;
  readonly message: string;
}

/** `isText` says of the keys above a number or a flag whether it stands for its text, as it is written: `1.10` is not 1.1 there. */
export function readYaml(
  text: string,
  isText: (keys: readonly unknown[]) => boolean,
): YamlDocument | YamlError {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, merge: true });
  const [error] = document.errors;
  if (error !== undefined) return { line: lineCounter.linePos(error.pos[0]).line, message: error.message };
  visit(document, {
    Scalar(part, node, above) {
      const isPlain = typeof node.value === 'number' || typeof node.value === 'boolean';
      if (part !== 'value' || !isPlain || node.source === undefined) return;
      const pairs = above.filter((one) => isPair(one));
      if (isText(pairs.map(({ key }) => (isScalar(key) ? key.value : key)))) node.value = node.source;
    },
  });
  return {
    value: document.toJS({ maxAliasCount: 100 }),
    lineOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const node = document.getIn(path.slice(0, length), true) as { range?: readonly number[] } | undefined;
        if (node?.range?.[0] !== undefined) return lineCounter.linePos(node.range[0]).line;
      }
      return 1;
    },
  };
}
