// Makes a metric before PM2's cluster mode has set the variables of the instance.
const { Counter } = require('prom-client');

new Counter({ name: 'preloads_total', help: 'Processes that were preloaded.' }).inc();
