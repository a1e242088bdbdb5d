import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { startApplication } from './application';
import { installation } from './installation';

const wanted = process.env['THIRD_PARTY'] === '1' || process.env['CI'] === 'true';

interface Series {
  readonly route: string;
  readonly status: string;
  readonly count: number;
  readonly sum: number;
}

/** The answers to the questions of docs/http.md, "The packages for one framework, compared". */
interface Findings {
  /** Series of the requests to /api/<tenant>/items/<item> of two tenants, and to a route that throws below the same prefix. */
  readonly routes: readonly string[];
  /** Series of twenty different paths that the application does not have. */
  readonly unknown: number;
  /** The status of a request whose client goes away; none if it is not counted. */
  readonly aborted: string | undefined;
  /** Whether a response that takes 200 ms is measured as such. */
  readonly stream: boolean;
}

const right: Findings = {
  routes: ['/api/:tenant/boom/:item', '/api/:tenant/items/:item'],
  unknown: 1,
  aborted: '499',
  stream: true,
};

const values = ['/api/acme/boom/#val', '/api/acme/items/#val', '/api/zoo/items/abc'];

const theirs: Readonly<Record<string, Findings>> = {
  'express-prom-bundle': { ...right, routes: values, unknown: 20 },
  'prometheus-api-metrics': {
    ...right,
    routes: ['/api/:tenant/items/:item', '/api/acme/boom/:item'],
    aborted: undefined,
  },
  '@promster/express': { ...right, routes: values, unknown: 20, aborted: undefined },
  'fastify-metrics': { ...right, aborted: undefined },
};

describe.skipIf(!wanted)('the table of docs/http.md (only with THIRD_PARTY=1 or CI=true)', () => {
  let directory: string;
  beforeAll(() => {
    directory = installation().preload;
  }, 300_000);

  test.each(['express-prom-bundle', 'prometheus-api-metrics', '@promster/express', 'fastify-metrics'])(
    'of the same requests %s has other findings, and instrumentHttp() the right ones',
    async (name) => {
      const { port, counts } = await start(join(directory, 'apps', 'http-compared.cjs'), name);
      const get = async (path: string): Promise<string> =>
        await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      for (const path of ['/api/acme/items/1', '/api/zoo/items/abc', '/api/acme/boom/1', '/stream'])
        await get(path);
      for (let i = 0; i < 20; i++) await get(`/unknown/${'x'.repeat(i + 1)}`);
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write('GET /never HTTP/1.1\r\nHost: a\r\n\r\n');
      socket.end();
      await once(socket.resume(), 'close');

      await vi.waitFor(async () => expect(findingsOf((await counts()).ours)).toEqual(right));
      expect(findingsOf((await counts()).theirs)).toEqual(theirs[name]);
    },
  );
});

function findingsOf(series: readonly Series[]): Findings {
  const isUnknown = ({ route, status }: Series): boolean => status === '404' && !route.includes('items');
  const aborted = series.find(({ route, status }) => route.includes('never') || status === '499');
  const streamed = series.find(({ route }) => route.includes('stream'));
  const rest = series.filter((one) => !isUnknown(one) && one !== aborted && one !== streamed);
  return {
    routes: rest.map(({ route }) => route).sort(),
    unknown: series.filter(isUnknown).length,
    aborted: aborted?.status,
    stream: (streamed?.sum ?? 0) > 0.19,
  };
}

async function start(
  file: string,
  name: string,
): Promise<{ port: number; counts: () => Promise<{ theirs: Series[]; ours: Series[] }> }> {
  const { child, port } = await startApplication(file, name);
  const counts = async (): Promise<{ theirs: Series[]; ours: Series[] }> => {
    child.send('counts');
    const [message] = await once(child, 'message');
    return message;
  };
  return { port, counts };
}
