// Scrapes /metrics repeatedly, as Prometheus would, and compares every exposition with the one before.
import { get } from 'node:http';

export class Scraper {
  /** The last value of every series, by its name and labels as they were written. */
  samples = new Map();
  /** The process that gave the last answer, and all processes that have given one. */
  pid;
  pids = new Set();
  count = 0;
  unanswered = 0;
  backwards = [];
  #url;

  constructor(url) {
    this.#url = url;
  }

  /** One scrape on a connection of its own, so that any worker may get it. False if it died with its worker. */
  async scrape() {
    let answer;
    try {
      answer = await request(this.#url);
    } catch {
      this.unanswered += 1;
      return false;
    }
    if (answer.status !== 200) throw new Error(`/metrics answered ${answer.status}: ${answer.text}`);
    const samples = parse(answer.text);
    for (const [series, before] of this.samples) {
      const now = samples.get(series);
      if (!(now >= before))
        this.backwards.push(`${series} went from ${before} to ${now} (pid ${answer.pid})`);
    }
    this.samples = samples;
    this.pid = answer.pid;
    this.pids.add(answer.pid);
    this.count += 1;
    return true;
  }

  /** Scrapes until each of the processes has answered, and returns the differences between their answers. */
  async compare(pids) {
    const answers = new Map();
    for (let tries = 0; tries < 20 * pids.length && !pids.every((pid) => answers.has(pid)); tries++) {
      if (await this.scrape()) answers.set(this.pid, [...this.samples].join('\n'));
    }
    const [first] = answers.values();
    return pids.flatMap((pid) => {
      if (!answers.has(pid)) return [`worker ${pid} answered none of the last scrapes`];
      return answers.get(pid) === first ? [] : [`worker ${pid} answers otherwise than its siblings`];
    });
  }

  /** The sum over all series of a name whose labels contain the given ones. */
  sum(name, labels = {}) {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let sum = 0;
    for (const [series, value] of this.samples) {
      if (series.startsWith(`${name}{`) && wanted.every((pair) => series.includes(pair))) sum += value;
    }
    return sum;
  }

  /** A quantile in seconds from the merged buckets, by the interpolation of PromQL's histogram_quantile. */
  quantile(q, endpoint) {
    const name = 'request_latency_seconds_bucket';
    const rank = q * this.sum(name, { endpoint, le: '+Inf' });
    let lower = 0;
    let below = 0;
    for (const le of this.#bounds(name)) {
      const upTo = this.sum(name, { endpoint, le });
      if (upTo >= rank) return lower + ((Number(le) - lower) * (rank - below)) / (upTo - below);
      lower = Number(le);
      below = upTo;
    }
    return lower; // The last bucket has no upper bound.
  }

  #bounds(name) {
    const bounds = new Set();
    for (const series of this.samples.keys()) {
      const le = series.startsWith(name) && /le="([\d.]+)"/.exec(series);
      if (le) bounds.add(le[1]);
    }
    return [...bounds].sort((a, b) => a - b);
  }
}

/** The samples of the demo's own metrics, all of which may only grow. */
function parse(text) {
  const samples = new Map();
  for (const line of text.split('\n')) {
    if (!/^(request_|worker_requests_)/.test(line)) continue;
    const end = line.lastIndexOf(' ');
    samples.set(line.slice(0, end), Number(line.slice(end + 1)));
  }
  return samples;
}

function request(url) {
  return new Promise((resolve, reject) => {
    const sent = get(url, { agent: false, timeout: 3000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, pid: Number(response.headers['x-pid']), text });
      });
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer within 3 s')));
    sent.on('error', reject);
  });
}
