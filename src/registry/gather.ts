import { deserialize, serialize } from 'node:v8';
import type { MetricFamily } from '../model/family';
import type { ChoiceKind } from '../store/store';
import { lateAnswers, warn } from '../store/warnings';

// The way of prom-client to the metrics of other processes and threads, where they are in no files: a request to each, and its
// answer. Texts are base64 of v8.serialize(): JSON would lose NaN and Infinity.

/** What a thread that is asked answers. */
export interface Answer {
  readonly families: readonly MetricFamily[];
  /** The names of its gauges with `collectBy: 'leader'`. */
  readonly leaderGauges: readonly string[];
}

interface Request {
  readonly type: 'prom-client-mmap:request';
  readonly id: string;
  readonly kind: ChoiceKind;
  /** Gauges that another thread collects. */
  readonly ledElsewhere: readonly string[];
}

interface Response {
  readonly type: 'prom-client-mmap:answer';
  readonly id: string;
  readonly answer?: string | undefined;
  /** The message of the error that a `collect` function threw. */
  readonly error?: string | undefined;
}

type Message = Request | Response;

/** Another process or thread. */
export interface Peer {
  readonly name: string;
  /** False when it cannot be reached any more. */
  send(message: object): boolean;
}

export type Answering = (kind: ChoiceKind, ledElsewhere: ReadonlySet<string>) => Promise<Answer>;

/** prom-client's deadline. Its scrape fails then; here it goes on without those that are late. */
const deadlineMs = 5000;

interface Waiting {
  readonly peer: Peer;
  readonly resolve: (answer: Answer | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The requests of one thread to its peers of one kind, and its answers to theirs. */
export class Gatherer {
  readonly #answering: Answering;
  readonly #waiting = new Map<string, Waiting>();
  /** Those that have missed a deadline are not waited for until they send something. */
  readonly #late = new Set<string>();
  /** By gauge, the name of the peer that collects it; '' for this thread. */
  readonly #leaders = new Map<string, string>();
  #lastId = 0;
  #hasWarned = false;

  constructor(answering: Answering) {
    this.#answering = answering;
  }

  /** The families of this thread and of each peer that answered in time. Rejects with the error of any `collect` function. */
  async gather(kind: ChoiceKind, peers: readonly Peer[]): Promise<(readonly MetricFamily[])[]> {
    // Gauges of a peer that is late get another leader, too.
    const names = new Set(['', ...peers.map(({ name }) => name).filter((name) => !this.#late.has(name))]);
    for (const [gauge, leader] of this.#leaders) if (!names.has(leader)) this.#leaders.delete(gauge);
    const answers = await Promise.all([
      this.#answering(kind, this.#ledElsewhere('')),
      ...peers.map((peer) => this.#ask(kind, peer)),
    ]);
    const late = peers.filter((_, index) => answers[index + 1] === undefined);
    if (late.length > 0 && !this.#hasWarned)
      warn(
        lateAnswers(
          late.map(({ name }) => name),
          deadlineMs,
        ),
      );
    this.#hasWarned ||= late.length > 0;
    return answers.map((answer, index) => this.#withoutFollowed(answer, peers[index - 1]?.name ?? ''));
  }

  /** Takes a message of a peer. Messages of other programs are none of its business. */
  receive(message: unknown, peer: Peer): void {
    const { type, id } = (message ?? {}) as Partial<Message>;
    if (type === 'prom-client-mmap:request') void this.#respond(message as Request, peer);
    if (type !== 'prom-client-mmap:answer' || id === undefined) return;
    this.#late.delete(peer.name);
    const { answer, error } = message as Response;
    const waiting = this.#waiting.get(id);
    if (answer !== undefined) waiting?.resolve(deserialize(Buffer.from(answer, 'base64')) as Answer);
    else waiting?.reject(new Error(error));
  }

  /** A peer that has exited is not waited for. */
  lost(name: string): void {
    for (const { peer, resolve } of this.#waiting.values()) if (peer.name === name) resolve(undefined);
    this.#late.delete(name);
  }

  async #respond({ id, kind, ledElsewhere }: Request, peer: Peer): Promise<void> {
    const response = await this.#answering(kind, new Set(ledElsewhere)).then(
      (answer) => ({ answer: serialize(answer).toString('base64') }),
      (error: unknown) => ({ error: (error as Error)?.message ?? String(error) }),
    );
    peer.send({ type: 'prom-client-mmap:answer', id, ...response } satisfies Response);
  }

  #ask(kind: ChoiceKind, peer: Peer): Promise<Answer | undefined> {
    const id = `${process.pid}-${++this.#lastId}`;
    const ledElsewhere = [...this.#ledElsewhere(peer.name)];
    if (!peer.send({ type: 'prom-client-mmap:request', id, kind, ledElsewhere } satisfies Request)) {
      return Promise.resolve(empty);
    }
    // It may have begun to answer again.
    if (this.#late.has(peer.name)) return Promise.resolve(undefined);
    let timer: NodeJS.Timeout | undefined;
    return new Promise<Answer | undefined>((resolve, reject) => {
      timer = setTimeout(() => {
        this.#late.add(peer.name);
        resolve(undefined);
      }, deadlineMs);
      this.#waiting.set(id, { peer, resolve, reject });
    }).finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
  }

  #ledElsewhere(name: string): ReadonlySet<string> {
    return new Set([...this.#leaders].filter(([, leader]) => leader !== name).map(([gauge]) => gauge));
  }

  /** The families without the gauges that another one collects. The first one that has a gauge without a leader becomes it. */
  #withoutFollowed({ families, leaderGauges }: Answer = empty, name: string): readonly MetricFamily[] {
    for (const gauge of leaderGauges) if (!this.#leaders.has(gauge)) this.#leaders.set(gauge, name);
    const followed = new Set(leaderGauges.filter((gauge) => this.#leaders.get(gauge) !== name));
    return families.filter((family) => !followed.has(family.name));
  }
}

const empty: Answer = { families: [], leaderGauges: [] };
