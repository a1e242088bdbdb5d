'use strict';

module.exports = require('../default-metric.js')('processMaxFileDescriptors', ['process_max_fds']);
