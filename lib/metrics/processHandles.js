'use strict';

module.exports = require('../default-metric.js')('processHandles', [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
]);
