// A primary that keeps four workers running, all on one port: `node examples/polls/server.mjs [port]`. FRAMEWORK=express or fastify
// runs the service with that framework, METRICS_PORT is the port of the live page (9464).
import cluster from 'node:cluster';

const host = '127.0.0.1';
const port = Number(process.argv[2] ?? 0);

if (cluster.isPrimary) {
  runPrimary(4);
} else {
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole terminal: the primary decides when workers end.
  const { listen } = await import(`./${process.env.FRAMEWORK ?? 'app'}.mjs`);
  listen(port, host);
}

function runPrimary(size) {
  const listening = new Map();
  let url;
  let stopping = false;

  const page = `http://${host}:${process.env.METRICS_PORT ?? 9464}`;
  const report = () => process.connected && process.send({ url, page, workers: [...listening.values()] });

  cluster.on('listening', (worker, address) => {
    listening.set(worker.id, { id: worker.id, pid: worker.process.pid });
    url = `http://${host}:${address.port}`;
    if (listening.size === size && !process.send)
      console.log(`${url}/polls/2xx_success/\n${url}/metrics\n${page}/`);
    report();
  });

  cluster.on('exit', (worker, code, signal) => {
    const served = listening.delete(worker.id);
    report();
    if (stopping) return;
    if (served) {
      cluster.fork();
    } else {
      // It never listened, and neither would its replacement.
      console.error(`worker ${worker.id} ended with ${signal ?? code} before it listened`);
      process.exitCode = 1;
      stop();
    }
  });

  function stop() {
    if (stopping) return;
    stopping = true;
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
    process.removeListener('disconnect', stop); // It keeps the channel open, and with it this process.
  }

  process.on('SIGINT', process.send ? () => {} : stop);
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  for (let i = 0; i < size; i++) cluster.fork();
}
