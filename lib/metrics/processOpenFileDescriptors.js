'use strict';

module.exports = require('../default-metric.js')('processOpenFileDescriptors', ['process_open_fds']);
