// pm2 start deploy/pm2/ecosystem.config.cjs: all instances of the shop are one group, and one of them serves the metrics of all.
const { join } = require('node:path');

module.exports = {
  apps: [
    {
      name: 'shop',
      cwd: join(__dirname, '..', 'shop'),
      script: 'server.mjs',
      exec_mode: 'cluster',
      instances: 'max',
      // Here and not in NODE_OPTIONS, which has no effect in cluster mode.
      node_args: '--import prom-client-mmap/auto',
      kill_timeout: 10_000,
      env: {
        PORT: '8000',
        // Each application needs a port of its own.
        PROM_CLIENT_MMAP_PORT: '9464',
        PROM_CLIENT_MMAP_SELF_METRICS: 'all',
        PROM_CLIENT_MMAP_HTTP_NORMALIZE_PATH: '1',
      },
    },
  ],
};
