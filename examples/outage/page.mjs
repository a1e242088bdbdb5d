// The report of the outages: plots and verdicts in one file of HTML, without scripts.
import { chart } from '../../scripts/chart.mjs';

const outages = {
  workerKilled: 'worker killed',
  applicationKilled: 'application killed',
  replaced: 'replaced',
  replicaKilled: 'replica 1 killed',
  replicaBack: 'replica 1 is back',
};

/** The plots as the text of an SVG file. `names` are those of the instances, by target. */
export function plots({ observed, events, names, window }) {
  const end = observed.truth.at(-1)[0] - events.loaded;
  const x = { name: 'seconds', min: 0, max: Math.ceil(end) };
  /** Pairs of time and value as the chart has them. A rate that has no value for a while is no line through the gap. */
  const over = (values) => {
    const by = new Map(values.map(([time, value]) => [time.toFixed(1), value]));
    return observed.truth.map(([time]) => [time - events.loaded, by.get(time.toFixed(1)) ?? null]);
  };
  const [first, second] = observed.replicas;
  const rates = [observed.truth, first.rate, second.rate].flat().map(([, value]) => value);
  const highest = 10 * Math.ceil(Math.max(...rates) / 9);
  const marks = (max) =>
    Object.keys(outages).map((name) => {
      const at = events[name] - events.loaded;
      return {
        name: 'outage',
        data: [
          [at, 0],
          [at, max],
        ],
        dashed: true,
      };
    });
  const panel = (title, max, series) => ({
    title,
    x,
    y: { min: 0, max },
    series: [...series, ...marks(max)],
  });
  const least = Math.max(...[first, second].flatMap(({ living }) => living).map(([, value]) => value));
  return chart({
    title: 'What two replicas of Prometheus see of four outages',
    width: 1000,
    panels: [
      panel(
        `requests a second: sum(rate(http_requests_total[${window}s])), and answers of the generator`,
        highest,
        [
          { name: 'answers', data: over(observed.truth) },
          { name: 'replica 1', data: over(first.rate) },
          { name: 'replica 2', data: over(second.rate) },
        ],
      ),
      panel(
        'requests a second by instance, replica 2',
        highest,
        second.byInstance.map(({ instance, values }) => ({
          name: `instance ${names.get(instance)}`,
          data: over(values),
        })),
      ),
      panel('processes that count: sum(prom_client_mmap_owners{state="live"})', least + 1, [
        { name: 'replica 1', data: over(first.living) },
        { name: 'replica 2', data: over(second.living) },
      ]),
    ],
  });
}

export function page({ svg, events, verdicts, cutOff }) {
  const times = Object.entries(outages).map(
    ([name, text]) => `${text} ${(events[name] - events.loaded).toFixed(1)} s`,
  );
  const rows = verdicts.map(
    ({ text, isKept, figures }) =>
      `<tr><td>${isKept ? '✔' : '✘'}</td><td>${escaped(text)}</td><td>${escaped(figures)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Outages</title>
<style>
  body { font: 16px/1.5 sans-serif; max-width: 1000px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
  td { padding: 0.2em 0.6em; border-bottom: 1px solid #ddd; vertical-align: top }
  svg { max-width: 100%; height: auto }
</style>
<h1>${verdicts.every(({ isKept }) => isKept) ? 'All promises were kept' : 'A promise was not kept'}</h1>
<p>Dashed lines are the outages: ${escaped(times.join('; '))}. ${cutOff} requests were cut off by them and sent again.</p>
${svg}
<table>
${rows.join('\n')}
</table>
</html>
`;
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
