'use strict';

module.exports = require('../default-metric.js')('processResources', [
  'nodejs_active_resources',
  'nodejs_active_resources_total',
]);
