// An instance of an application under PM2: counts its start, and tells its port in a file of the directory PORTS.
const { writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');
const { Counter, register } = require('prom-client');

new Counter({ name: 'starts_total', help: 'Instances that were started.' }).inc();

const server = createServer(async (_request, response) => response.end(await register.metrics()));
// All workers of PM2's cluster that listen on port 0 would share one port, whatever their application.
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  writeFileSync(
    join(process.env.PORTS, `${process.env.name}-${process.env.pm_id}`),
    `${server.address().port}`,
  );
});
