'use strict';

exports.Metric = require('../dist/metrics/metric.js').Metric;
