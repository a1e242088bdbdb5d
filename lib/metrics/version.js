'use strict';

module.exports = require('../default-metric.js')('version', ['nodejs_version_info']);
