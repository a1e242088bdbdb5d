'use strict';

const { linearBuckets, exponentialBuckets } = require('../index.js');

exports.linearBuckets = linearBuckets;
exports.exponentialBuckets = exponentialBuckets;
