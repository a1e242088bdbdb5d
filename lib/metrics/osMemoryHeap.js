'use strict';

module.exports = require('../default-metric.js')('osMemoryHeap', [
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
]);
