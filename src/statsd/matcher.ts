import type { EventType } from './counts';
import { goExpression } from './go-expression';
import type { Mapping, MappingRule } from './mapping';
import { type Captures, filledTemplate, globCaptures, groupCaptures } from './template';

/** A rule that fits a name, with its templates filled in. */
export interface Match {
  readonly rule: MappingRule;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Node {
  readonly next: Map<string, Node>;
  /** The rules whose match ends here, with their number in the file. */
  readonly rules: { readonly rule: MappingRule; readonly index: number }[];
}

interface Candidate {
  readonly rule: MappingRule;
  readonly index: number;
  readonly captures: readonly string[];
}

/** Names have no bound, so neither may the memory for them. */
const namesKept = 10_000;

/**
 * Finds the rule of a name: of the globs the first in the file, or without order the one with an exact component where others have `*`;
 * then of the regular expressions the first. Results are kept for the names that come again.
 */
export class Matcher {
  readonly #ignoresOrder: boolean;
  readonly #root: Node = newNode();
  readonly #expressions: { readonly rule: MappingRule; readonly expression: RegExp }[] = [];
  readonly #known = new Map<string, Match | undefined>();

  constructor({ rules, ignoresOrder }: Mapping) {
    this.#ignoresOrder = ignoresOrder;
    for (const [index, rule] of rules.entries()) {
      if (rule.matchType === 'regex') this.#expressions.push({ rule, expression: goExpression(rule.match) });
      else this.#add(rule, index);
    }
  }

  /** Undefined where no rule fits. */
  find(name: string, type: EventType): Match | undefined {
    const key = `${type} ${name}`;
    if (this.#known.has(key)) return this.#known.get(key);
    const match = this.#search(name, type);
    if (this.#known.size >= namesKept) this.#known.clear();
    this.#known.set(key, match);
    return match;
  }

  #add(rule: MappingRule, index: number): void {
    let node = this.#root;
    for (const component of rule.match.split('.')) {
      let next = node.next.get(component);
      if (next === undefined) {
        next = newNode();
        node.next.set(component, next);
      }
      node = next;
    }
    node.rules.push({ rule, index });
  }

  #search(name: string, type: EventType): Match | undefined {
    const candidates = this.#globs(this.#root, name.split('.'), 0, [], type);
    const first = this.#ignoresOrder
      ? candidates[0]
      : candidates.reduce<Candidate | undefined>(
          (best, one) => (best === undefined || one.index < best.index ? one : best),
          undefined,
        );
    if (first !== undefined) return filled(first.rule, globCaptures(first.captures));
    for (const { rule, expression } of this.#expressions) {
      if (!fits(rule, type)) continue;
      const found = expression.exec(name);
      if (found !== null) return filled(rule, groupCaptures(found));
    }
    return undefined;
  }

  /** All that fit; exact components come before `*`. */
  #globs(
    node: Node,
    components: readonly string[],
    at: number,
    captures: readonly string[],
    type: EventType,
  ): Candidate[] {
    if (at === components.length) {
      return node.rules.filter(({ rule }) => fits(rule, type)).map((one) => ({ ...one, captures }));
    }
    const component = components[at] ?? '';
    const exact = component === '*' ? undefined : node.next.get(component);
    const any = node.next.get('*');
    return [
      ...(exact ? this.#globs(exact, components, at + 1, captures, type) : []),
      ...(any ? this.#globs(any, components, at + 1, [...captures, component], type) : []),
    ];
  }
}

function newNode(): Node {
  return { next: new Map(), rules: [] };
}

function fits({ metricType }: MappingRule, type: EventType): boolean {
  return metricType === undefined || metricType === type;
}

function filled(rule: MappingRule, captures: Captures): Match {
  const fill = (text: string): string => filledTemplate(text, rule.matchType, captures);
  const labels = Object.fromEntries(Object.entries(rule.labels).map(([name, value]) => [name, fill(value)]));
  return { rule, name: fill(rule.name), labels };
}
