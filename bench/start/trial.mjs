// One trial of loading a rival in a fresh process: milliseconds of `require()`, and until the first count.
import { createRequire } from 'node:module';
import { packageOf } from '../rivals.mjs';

const { rival } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);

const start = performance.now();
const client = require(packageOf(rival));
const loaded = performance.now();
new client.Counter({ name: 'requests_total', help: 'Requests.' }).inc();
const counted = performance.now();
process.send({ require: loaded - start, counted: counted - start }, () => process.disconnect());
