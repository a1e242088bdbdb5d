'use strict';

module.exports = require('../default-metric.js')('heapSpacesSizeAndUsed', [
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
]);
