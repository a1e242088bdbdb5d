// Writes dashboards/*.json, for Grafana's import and provisioning: `node deploy/grafana/generate.mjs [DIRECTORY]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { http, httpNative } from './http.mjs';
import { library } from './library.mjs';
import { node } from './node.mjs';
import { workers } from './workers.mjs';

const directory = process.argv[2] ?? join(import.meta.dirname, 'dashboards');
const files = { http, 'http-native': httpNative, workers, node, library };

mkdirSync(directory, { recursive: true });
for (const [name, dashboard] of Object.entries(files)) {
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(dashboard, undefined, 2)}\n`);
}
