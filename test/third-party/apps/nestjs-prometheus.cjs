// Without a compiler for decorators, which are functions like others.
require('reflect-metadata');
const { Controller, Get, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const nest = require('@willsoto/nestjs-prometheus');

class Greetings {
  constructor(greetings, sizes) {
    Object.assign(this, { greetings, sizes });
  }

  greet() {
    this.greetings.inc({ language: 'en' });
    this.sizes.observe(5);
    return 'hello';
  }
}
Controller()(Greetings);
Get('/hello')(Greetings.prototype, 'greet', Object.getOwnPropertyDescriptor(Greetings.prototype, 'greet'));
nest.InjectMetric('greetings_total')(Greetings, undefined, 0);
nest.InjectMetric('greeting_bytes')(Greetings, undefined, 1);

class Application {}
Module({
  imports: [nest.PrometheusModule.register({ defaultLabels: { app: 'demo' } })],
  controllers: [Greetings],
  providers: [
    nest.makeCounterProvider({ name: 'greetings_total', help: 'Greetings', labelNames: ['language'] }),
    nest.makeHistogramProvider({ name: 'greeting_bytes', help: 'Their sizes', buckets: [1, 10] }),
  ],
})(Application);

exports.application = async () => {
  const app = await NestFactory.create(Application, { logger: false });
  await app.init();
  return app.getHttpAdapter().getInstance();
};
