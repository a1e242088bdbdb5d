'use strict';

const { collectFrom } = require('../dist/collectors/default-metrics.js');

/** A module of prom-client's `lib/metrics/`: a function that registers the default metrics of one source. */
module.exports = (source, metricNames) =>
  Object.assign((register, config) => collectFrom(source, { ...config, register }), { metricNames });
