'use strict';

module.exports = require('../default-metric.js')('gc', ['nodejs_gc_duration_seconds']);
