'use strict';

exports.AggregatorFactory = require('../dist/model/aggregators.js').aggregator;
exports.aggregators = require('../index.js').aggregators;
