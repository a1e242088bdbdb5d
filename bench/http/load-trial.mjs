// One trial of a server under load: requests per second, and microseconds of CPU time for each. All that were answered must have been
// counted.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';

const trial = JSON.parse(process.argv[2]);
const server = fork(new URL('server.mjs', import.meta.url), [process.argv[2]]);
const [{ port }] = await once(server, 'message');
const load = (duration) =>
  autocannon({ url: `http://127.0.0.1:${port}/users/1`, connections: 20, duration, workers: 1 });
const ask = async () => {
  server.send('counted');
  const [answer] = await once(server, 'message');
  return answer;
};
const warmUp = await load(1);
const before = await ask();
const { requests, errors, non2xx } = await load(trial.seconds);
if (errors + non2xx > 0) throw new Error(`${errors} requests had no answer, ${non2xx} a bad one`);
const { cpu, counted } = await ask();
const answered = warmUp.requests.total + requests.total;
if (counted !== undefined && !(counted >= answered)) {
  throw new Error(`expected at least ${answered} requests, but ${trial.counted} has counted ${counted}`);
}
server.disconnect();
process.send({ rate: requests.average, cpu: (cpu - before.cpu) / requests.total }, () => process.exit());
