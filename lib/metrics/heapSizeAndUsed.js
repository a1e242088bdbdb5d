'use strict';

module.exports = require('../default-metric.js')('heapSizeAndUsed', [
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
]);
