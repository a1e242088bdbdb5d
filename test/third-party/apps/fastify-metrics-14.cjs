const { serve } = require('./fastify.cjs');

exports.application = () => serve(require('fastify-metrics-14'));
