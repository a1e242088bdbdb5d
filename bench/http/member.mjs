// A process with default metrics and the server of its group at the port of its argument. A message blocks it for good.
import { Counter, collectDefaultMetrics } from 'prom-client-mmap';
import { startMetricsServer } from 'prom-client-mmap/http';

collectDefaultMetrics();
new Counter({ name: 'members_total', help: 'Processes.' }).inc();
await startMetricsServer({ port: Number(process.argv[2]) });
process.once('disconnect', () => process.exit());
process.once('message', () => {
  process.send('blocked', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
process.send('ready');
