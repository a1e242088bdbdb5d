// A cluster of three workers that each serve an application on a port of their own: what the module named in the arguments
// gives as `application()`, a listener for requests. Its `primary`, if it has one, is served by the primary. Ends with
// its standard input; the ports come out as a line of JSON.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';

const workers = 3;

if (cluster.isPrimary) {
  process.stdin.on('end', () => process.exit()).resume();
  cluster.on('exit', () => process.exit(1));
  const { primary } = await import(process.argv[2]);
  const ports = await Promise.all(
    Array.from({ length: workers }, async () => (await once(cluster.fork(), 'message'))[0]),
  );
  console.log(JSON.stringify({ workers: ports, primary: primary && (await serve(primary)) }));
} else {
  const { application } = await import(process.argv[2]);
  process.send(await serve(await application()));
}

async function serve(listener) {
  const server = createServer(listener).listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(server, 'listening');
  return server.address().port;
}
