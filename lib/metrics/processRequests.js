'use strict';

module.exports = require('../default-metric.js')('processRequests', [
  'nodejs_active_requests',
  'nodejs_active_requests_total',
]);
