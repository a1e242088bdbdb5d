// A worker thread with many series that reads them again and again until it is terminated.
import { parentPort, workerData } from 'node:worker_threads';
import { load, own } from '../rivals.mjs';

const { rival, series, dir } = workerData;
const client = await load(rival);
if (rival === own) client.configure({ dir, maxSeries: series, maxSegmentBytes: 2 ** 30 });
const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames: ['id'] });
for (let id = 0; id < series; id++) counter.inc({ id });
parentPort.postMessage('ready');
for (;;) await counter.get();
