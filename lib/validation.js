'use strict';

const { checkLabels } = require('../dist/model/labels.js');
const { validateLabelNames, validateMetricName } = require('../dist/model/names.js');

exports.validateMetricName = validateMetricName;
exports.validateLabelName = (names = []) => validateLabelNames(names);
exports.validateLabel = (names, labels) => checkLabels(labels, names);
