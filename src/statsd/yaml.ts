// The only file that needs the package `yaml`: the set-up compiles it together with that package into one file.
import { LineCounter, parseDocument } from 'yaml';

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

export function readYaml(text: string): YamlDocument | YamlError {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) return { line: lineCounter.linePos(error.pos[0]).line, message: error.message };
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
