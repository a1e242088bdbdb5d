'use strict';

// The package as `require` gives it: the exports of src/index.ts as plain properties, as prom-client has them, without
// `__esModule`. docs/decisions/0014-commonjs-shape.md says why the compiler does not write this. Each name is assigned
// in a line of its own because Node finds the names for `import` by reading them here; test/package.test.ts knows when
// one is missing.
const api = require('./dist/index.js');

exports.register = api.register;
exports.Registry = api.Registry;

// Assigned, then defined: an import by name takes the value of this moment, all other uses the accessor. Not with defineProperty:
// Node finds that call, too, and then has no import of the name.
exports.contentType = api.register.contentType;
Object.defineProperties(exports, {
  contentType: {
    configurable: false,
    enumerable: true,
    get() {
      return exports.register.contentType;
    },
    set(value) {
      exports.register.setContentType(value);
    },
  },
});

exports.prometheusContentType = api.prometheusContentType;
exports.openMetricsContentType = api.openMetricsContentType;
exports.validateMetricName = api.validateMetricName;

exports.Counter = api.Counter;
exports.Gauge = api.Gauge;
exports.Histogram = api.Histogram;
exports.Summary = api.Summary;
exports.Pushgateway = api.Pushgateway;

exports.linearBuckets = api.linearBuckets;
exports.exponentialBuckets = api.exponentialBuckets;

exports.collectDefaultMetrics = api.collectDefaultMetrics;

exports.aggregators = api.aggregators;
exports.AggregatorRegistry = api.AggregatorRegistry;
exports.ClusterRegistry = api.ClusterRegistry;
exports.WorkerRegistry = api.WorkerRegistry;

// Additions to prom-client. The first is in its types only.
exports.MetricType = api.MetricType;
exports.configure = api.configure;
exports.mirror = api.mirror;
