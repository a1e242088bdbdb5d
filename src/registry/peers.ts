import cluster, { type Worker } from 'node:cluster';
import { setTimeout } from 'node:timers/promises';
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { clockMs, realProcess } from '../process';
import { whenUnshared } from '../store/current';
import { commonState } from '../store/test-runner';
import { type Answering, Gatherer, type Peer } from './gather';

// The other processes of a cluster, for its primary, and the other threads of a process, for each of them.

/** The cluster workers of this process, if it is a primary. */
class ClusterPeers {
  readonly gatherer: Gatherer;
  #listens = false;

  constructor(answering: Answering) {
    this.gatherer = new Gatherer(answering);
  }

  /** Idempotent. */
  listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    if (cluster.isWorker) {
      const primary: Peer = {
        name: 'primary',
        send: (message) => realProcess.send?.(message, undefined, {}, ignore) ?? false,
      };
      realProcess.on('message', (message) => this.gatherer.receive(message, primary));
    } else {
      cluster.on('message', (worker, message) => this.gatherer.receive(message, peerOf(worker)));
      for (const event of ['disconnect', 'exit']) {
        cluster.on(event, (worker: Worker) => this.gatherer.lost(peerOf(worker).name));
      }
    }
  }

  /** The workers that can be reached. */
  found(): Promise<readonly Peer[]> {
    this.listen();
    const workers = Object.values(cluster.workers ?? {}) as Worker[];
    return Promise.resolve(workers.filter((worker) => worker.isConnected()).map(peerOf));
  }
}

function peerOf(worker: Worker): Peer {
  return {
    name: `worker ${worker.id} (pid ${worker.process.pid})`,
    send: (message) => {
      if (!worker.isConnected()) return false;
      worker.send(message, undefined, {}, ignore);
      return true;
    },
  };
}

/** A send that fails is a worker that has exited: `lost()` hears of it. */
function ignore(): void {}

/** How long threads that exist have to answer the first greeting. */
const greetingMs = 100;

interface Envelope {
  readonly from: number;
  /** All threads if it is left out. */
  readonly to?: number;
  /** `hello` asks for an answer, which is `here`. */
  readonly body: 'hello' | 'here' | 'bye' | object;
}

/** The other threads of this process, as far as they use this library. */
class ThreadPeers {
  readonly gatherer: Gatherer;
  readonly #known = new Map<number, Peer>();
  #channel: BroadcastChannel | undefined;
  #greetedAtMs = 0;

  constructor(answering: Answering) {
    this.gatherer = new Gatherer(answering);
  }

  /** Idempotent. Does not keep the thread alive. */
  listen(): void {
    if (this.#channel !== undefined) return;
    const channel = new BroadcastChannel('prom-client-mmap/threads/1');
    this.#channel = channel;
    channel.onmessage = (event) => this.#receive((event as { data: Envelope }).data);
    channel.unref();
    this.#post('hello');
    this.#greetedAtMs = clockMs();
    realProcess.once('exit', () => this.#post('bye'));
    // One that is terminated says nothing.
    realProcess.on('worker', (worker) => {
      const { threadId: id } = worker;
      worker.once('exit', () => this.#lose(id));
    });
  }

  /** The threads that have said that they exist. */
  async found(): Promise<readonly Peer[]> {
    this.listen();
    const leftMs = this.#greetedAtMs + greetingMs - clockMs();
    if (leftMs > 0) await setTimeout(leftMs);
    return [...this.#known].sort(([one], [other]) => one - other).map(([, peer]) => peer);
  }

  #receive({ from, to, body }: Envelope): void {
    if (to !== undefined && to !== threadId) return;
    if (body === 'bye') {
      this.#lose(from);
      return;
    }
    const peer = this.#peer(from);
    if (body === 'hello') this.#post('here', from);
    else if (typeof body === 'object') this.gatherer.receive(body, peer);
  }

  #lose(id: number): void {
    this.gatherer.lost(this.#peer(id).name);
    this.#known.delete(id);
  }

  #peer(id: number): Peer {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const peer: Peer = {
      name: `thread ${id}`,
      send: (message) => {
        this.#post(message, id);
        return true;
      },
    };
    this.#known.set(id, peer);
    return peer;
  }

  #post(body: Envelope['body'], to?: number): void {
    this.#channel?.postMessage({
      from: threadId,
      body,
      ...(to === undefined ? {} : { to }),
    } satisfies Envelope);
  }
}

export interface Peers {
  readonly cluster: ClusterPeers;
  readonly worker: ThreadPeers;
}

/** One for all copies of the library in this thread: two answers to a request would count twice. `answering` is that of the first. */
export function peersOf(answering: Answering): () => Peers {
  const peers = commonState<Peers>(Symbol.for('prom-client-mmap/peers/1'), () => ({
    cluster: new ClusterPeers(answering),
    worker: new ThreadPeers(answering),
  }));
  // A worker answers as soon as it counts, whether it makes a registry for clusters or not.
  whenUnshared(() => {
    if (cluster.isWorker) peers().cluster.listen();
    peers().worker.listen();
  });
  return peers;
}
