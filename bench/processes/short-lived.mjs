// A worker thread that counts each series of a member once, and ends.
import { workerData } from 'node:worker_threads';
import { labelNames, labelSet } from '../label-sets.mjs';
import { load, own } from '../rivals.mjs';

const client = await load(own);
const counter = new client.Counter({ name: 'requests_total', help: 'Requests.', labelNames });
for (let index = 0; index < workerData.series; index++) counter.inc(labelSet(index));
