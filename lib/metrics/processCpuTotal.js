'use strict';

module.exports = require('../default-metric.js')('processCpuTotal', [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
]);
