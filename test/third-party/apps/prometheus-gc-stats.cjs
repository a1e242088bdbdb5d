// V8 collects garbage when it wants to, so `/seen` tells what this worker has heard of.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const gc = require('@sematext/gc-stats');
const express = require('express');
const { register } = require('prom-client');
const gcStats = require('prometheus-gc-stats');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const types = {
  1: 'Scavenge',
  2: 'MinorMarkCompact',
  4: 'MarkSweepCompact',
  8: 'IncrementalMarking',
  16: 'ProcessWeakCallbacks',
};

exports.application = () => {
  const seen = {};
  gcStats(register)();
  gc().on('stats', ({ gctype }) => {
    const type = types[gctype];
    seen[type] = (seen[type] ?? 0) + 1;
  });

  return express()
    .get('/collect', (_request, response) => response.send(`${collect()}`))
    .get('/seen', (_request, response) => response.json(seen))
    .get('/metrics', async (_request, response) => response.type('text').send(await register.metrics()));
};
