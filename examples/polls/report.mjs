// The results of the demo as a table, and the differences that make it fail.

/**
 * The differences that make the demo fail; empty if every response was counted exactly once.
 *
 * A worker counts in worker_requests_total just before it hands over a response, in request_count when the last byte has left. They
 * differ by one after a SIGKILL in the microseconds between them: only the load generator knows whether that response
 * left. Only then may the totals differ, by that one.
 */
export function differences({ generator, killed, scraper, total, pages, disagreements, prometheus }) {
  const undecided = total.handedOver - total.counted;
  const found = [...scraper.backwards, ...disagreements];
  const expect = (fine, text) => fine || found.push(text);

  expect(
    generator.sent === generator.amount,
    `the generator was to send ${generator.amount} requests, and sent ${generator.sent}`,
  );
  // One that the killed worker was answering, and one that node:cluster was handing to it.
  expect(scraper.unanswered <= 2, `${scraper.unanswered} scrapes got no answer`);
  expect(killed, 'the load was over before a worker could be killed');
  expect(
    undecided === 0 || (killed && undecided === 1),
    `${total.handedOver} answers were handed over, but ${total.counted} counted`,
  );
  for (const { endpoint, answered, counted, observed } of [
    { endpoint: 'all endpoints', ...total },
    ...pages,
  ]) {
    expect(
      isBetween(answered - counted, 0, undecided),
      `${endpoint}: ${answered} answered, but ${counted} counted`,
    );
    expect(
      isBetween(counted - observed, 0, undecided),
      `${endpoint}: ${counted} counted, but ${observed} timed`,
    );
  }
  expect(
    prometheus === undefined || prometheus === total.counted,
    `Prometheus holds ${prometheus} requests, /metrics ${total.counted}`,
  );
  return found;
}

const isBetween = (value, low, high) => value >= low && value <= high;

/** The table at the end of the demo. */
export function table({ generator, killed, scraper, total, pages, workers, prometheus }) {
  const undecided = total.handedOver - total.counted;
  const hanging =
    generator.timeouts > 0 ? `${generator.timeouts} of them without a word, given up after 5 s` : '';
  const lines = [
    ...columns([
      ['requests sent by the generator', generator.sent],
      ['  answered', generator.answered],
      [`  cut off${killed ? ' by the SIGKILL' : ''}`, generator.sent - generator.answered, hanging],
      ['counted by /metrics', total.counted],
      ...(prometheus === undefined ? [] : [['counted by Prometheus', prometheus]]),
      ...(undecided === 0
        ? []
        : [['  being handed over when the SIGKILL came, perhaps answered', undecided]]),
    ]),
    '',
    ...columns([
      [
        ...['endpoint', 'status', 'answered', 'counted', 'p50', 'p90', 'p99'],
        ...(prometheus === undefined ? [] : ['| native: p50', 'p90', 'p99']),
        ...['| generator: p50', 'p90', 'p99'],
      ],
      ...pages.map(({ endpoint, status, answered, counted, fromBuckets, fromNative = [], fromGenerator }) => {
        const latencies = [...fromBuckets, ...fromNative, ...fromGenerator].map(seconds);
        return [endpoint, status, answered, counted, ...latencies];
      }),
    ]),
    '',
    ...columns([
      ['worker', 'pid', 'counted'],
      ...workers.map(({ id, pid, counted, note }) => [id, pid, counted, note]),
    ]),
    '',
    `  ${scraper.count} scrapes, answered by ${scraper.pids.size} processes` +
      (scraper.unanswered > 0 ? `; ${scraper.unanswered} went down with the killed worker` : ''),
  ];
  return lines.join('\n');
}

const seconds = (value) => `${value.toFixed(value < 0.1 ? 4 : 2)} s`;

/** Rows with their columns aligned: the first to the left, the others to the right. */
function columns(rows) {
  const widths = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, String(cell).length);
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]),
    );
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
