'use strict';

// For programs that use prom-client's helpers on numbers of their own: this library does not.

exports.getValueAsString = (value) => {
  if (Number.isNaN(value)) return 'Nan';
  if (Number.isFinite(value)) return `${value}`;
  return value < 0 ? '-Inf' : '+Inf';
};

exports.hashObject = (labels, names = Object.keys(labels).sort((a, b) => (a < b ? -1 : 1))) =>
  names.map((name) => (labels[name] === undefined ? '' : `${name}:${labels[name]},`)).join('');

exports.removeLabels = (byHash, labels, names) => {
  delete byHash[exports.hashObject(labels, names)];
};

exports.setValue = (byHash, value, labels) => {
  byHash[exports.hashObject(labels)] = { value: typeof value === 'number' ? value : 0, labels: labels || {} };
  return byHash;
};

exports.setValueDelta = (byHash, delta, labels, hash = '') => {
  const value = typeof delta === 'number' ? delta : 0;
  if (byHash[hash]) byHash[hash].value += value;
  else byHash[hash] = { value, labels };
  return byHash;
};

exports.getLabels = (names, args) => require('../dist/model/labels.js').labelsOfArguments(args, names);

exports.isObject = (value) => value !== null && typeof value === 'object';

exports.nowTimestamp = () => Date.now() / 1000;

exports.Grouper = class Grouper extends Map {
  add(key, value) {
    if (this.has(key)) this.get(key).push(value);
    else this.set(key, [value]);
  }
};
