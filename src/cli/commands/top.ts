import { badOption } from '../../errors';
import { observeGroup } from '../../store/current';
import type { GroupStore } from '../../store/group-store';
import type { GroupFile } from '../../store/groups';
import { frameOf } from '../../views/frame';
import { Recording } from '../../views/recording';
import { groupHelp, groupOption, jsonOption, type Options } from '../command';
import { chooseGroup, groupAt } from '../groups';
import { inLocale } from '../text';
import { frameLines, type TopState } from '../top/frame';
import { keyPressed } from '../top/keys';
import { documentOf } from '../top/rows';
import { Terminal } from '../top/terminal';

export const summary: string = 'a live view of a group: rates, quantiles, workers';

export const help: string = `Usage: prom-client-mmap top [GROUP] [OPTIONS]

Shows a group once a second: requests, errors and p99, then its families with rate or value, p50 and p99 of the last interval, their share
of the time, and a line over time. It reads the files and asks no process; a terminal of 80x24 is enough.

  up, down  move       enter  open a family, then a series      esc  back
  /  filter            s  sort            g  group by a label   w  workers
  p  pause             r  begin anew      ?  help               q  quit

Where the output is no terminal it writes one frame, of one interval, as text.

${groupHelp}

Options:
  -i, --interval SECONDS   between two readings, default 1
  -n, --count COUNT        ends after so many intervals
  --by LABEL               a row for each value of this label, in families that have it
  --filter TEXT            only families and series with this text in name or labels
  --json                   a document for each interval, one a line
  --collect                asks the living processes to run their \`collect\` functions at each reading
  --allow-shared-directory   reads a directory in which other users may write

Exit code: 0, also when the application ends; 1 if there is no such group.

Examples:
  $ npx prom-client-mmap top
  $ npx prom-client-mmap top 4711 -i 5 -n 12 --json >> shop.jsonl`;

export const options: Options = {
  ...groupOption,
  ...jsonOption,
  interval: { type: 'string', short: 'i', default: '1' },
  count: { type: 'string', short: 'n' },
  by: { type: 'string' },
  filter: { type: 'string', default: '' },
  collect: { type: 'boolean', default: false },
};

interface Values {
  readonly interval: string;
  readonly count?: string;
  readonly by?: string;
  readonly filter: string;
  readonly json: boolean;
  readonly collect: boolean;
  readonly 'allow-shared-directory': boolean;
}

/** Files change rarely, and reading all of them costs as much as a scrape. */
const framesPerListing = 5;

export async function run(values: Values, [group]: readonly string[]): Promise<void> {
  const intervalSeconds = Number(values.interval);
  if (!(intervalSeconds >= 0.1 && intervalSeconds <= 3600))
    throw badOption('--interval', 'a number of seconds from 0.1 to 3600', values.interval, 'such as -i 2');
  const count = values.count === undefined ? undefined : Number(values.count);
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw badOption('--count', 'a positive whole number', values.count, 'such as -n 10');
  const directory = await chooseGroup(group, 'top', values);
  const store = observeGroup(directory, {
    collectDeadlineMs: values.collect ? 100 : 0,
    allowSharedDirectory: values['allow-shared-directory'],
  });
  const { application } = await groupAt(directory);
  const view = new LiveView(store, application, intervalSeconds, values);
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY;
  if (isTerminal && !values.json) await view.show(count);
  else await view.print(count ?? (values.json ? Infinity : 1), values.json);
}

class LiveView {
  readonly #store: GroupStore;
  readonly #intervalMs: number;
  #state: TopState;
  #terminal: Terminal | undefined;
  #end: () => void = () => undefined;

  constructor(store: GroupStore, application: string, intervalSeconds: number, { filter, by }: Values) {
    this.#store = store;
    this.#intervalMs = intervalSeconds * 1000;
    this.#state = {
      ...{ application, intervalSeconds, filter, by, recording: new Recording(), files: [], readMs: 0 },
      ...{ nowMs: Date.now(), message: '', view: 'families', family: undefined, series: undefined },
      ...{ order: 'rate', isTyping: false, isPaused: false, selected: 0 },
    };
  }

  /** On a terminal, until the user quits or after so many intervals. */
  async show(count = Infinity): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    const terminal = new Terminal(
      (key) => this.#press(key),
      () => this.#draw(),
    );
    this.#terminal = terminal;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => this.#end());
    let intervals = 0;
    const tick = async (): Promise<void> => {
      if (!this.#state.isPaused) await this.#read();
      this.#draw();
      if (intervals++ >= count) this.#end();
    };
    await tick();
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      tick()
        .catch((error: Error) => this.#change({ message: error.message }))
        .finally(() => {
          isBusy = false;
        });
    }, this.#intervalMs);
    try {
      await ended;
    } finally {
      clearInterval(timer);
      terminal.close();
    }
  }

  /** As text or JSON, a frame after each interval. */
  async print(count: number, isJson: boolean): Promise<void> {
    await this.#read();
    for (let i = 0; i < count; i++) {
      await new Promise((resolve) => setTimeout(resolve, this.#intervalMs));
      await this.#read();
      const { recording, nowMs, filter, by } = this.#state;
      if (isJson) console.log(JSON.stringify(documentOf(recording, nowMs, filter, by)));
      else console.log(inLocale(frameLines(this.#state, process.stdout.columns || 120, Infinity).join('\n')));
    }
  }

  async #read(): Promise<void> {
    const { recording } = this.#state;
    const start = performance.now();
    const { layout } = recording;
    const bytes = await this.#store.numbers({ scopes: [''], defaultLabels: true }, layout);
    const readMs = performance.now() - start;
    recording.add(frameOf(bytes, layout), start);
    const isDue = recording.frame % framesPerListing === 0;
    const files = isDue ? await this.#files() : this.#state.files;
    const hasEnded = !files.some(({ owner }) => owner?.live);
    const message = hasEnded ? 'The application has ended; these are its last values. q quit' : '';
    this.#state = { ...this.#state, files, readMs, message, nowMs: Date.now() };
  }

  /** Headers are enough for the owners; their series are counted in the view of workers. */
  #files(): Promise<readonly GroupFile[]> {
    return this.#store.files(this.#state.view === 'workers');
  }

  #press(key: string): void {
    if (key === 'interrupt' || (key === 'q' && !this.#state.isTyping)) this.#end();
    else if (key === 'suspend') this.#terminal?.suspend();
    else this.#change(keyPressed(this.#state, key));
  }

  #change(change: Partial<TopState>): void {
    this.#state = { ...this.#state, ...change };
    this.#draw();
  }

  #draw(): void {
    const terminal = this.#terminal;
    terminal?.draw(frameLines(this.#state, terminal.columns, terminal.rows));
  }
}
