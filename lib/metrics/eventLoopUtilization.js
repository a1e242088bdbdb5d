'use strict';

module.exports = require('../default-metric.js')('eventLoopUtilization', [
  'nodejs_eventloop_utilization_summary',
  'nodejs_eventloop_utilization_histogram',
]);
