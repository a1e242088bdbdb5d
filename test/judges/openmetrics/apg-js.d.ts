/** The parts of apg-js that are used here. It has no types. */
declare module 'apg-js' {
  /** Makes a parser's object of a grammar in ABNF. */
  export class apgApi {
    constructor(grammar: string);
    generate(): void;
    readonly errors: readonly unknown[];
    toObject(): object;
  }

  export const apgLib: {
    readonly parser: new () => {
      parse(grammar: object, rule: string, characters: readonly number[]): Parsed;
    };
  };

  interface Parsed {
    readonly success: boolean;
    /** The farthest position that any alternative has reached. */
    readonly maxMatched: number;
  }
}
