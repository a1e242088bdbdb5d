'use strict';

module.exports = require('../default-metric.js')('processStartTime', ['process_start_time_seconds']);
