// Arguments: the workspace of a version, and the platform.
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { serve } = require('./serve.cjs');

const [workspace, platform] = process.argv[2].split(' ');
const requireOf = createRequire(join(__dirname, '..', workspace, 'package.json'));
requireOf('reflect-metadata');
const { Controller, Get, HttpException, Module, RequestMethod, VersioningType } = requireOf('@nestjs/common');
const { NestFactory } = requireOf('@nestjs/core');

class Cats {
  all() {
    return 'ok';
  }
  one() {
    return 'ok';
  }
  refused() {
    throw new HttpException('refused', 418);
  }
  fails() {
    throw new Error('failed on purpose');
  }
}
for (const [method, path] of [
  ['all', '/'],
  ['refused', ':cat/refused'],
  ['fails', ':cat/fails'],
  ['one', ':cat'],
]) {
  Get(path)(Cats.prototype, method, Object.getOwnPropertyDescriptor(Cats.prototype, method));
}
Controller({ path: 'cats', version: '2' })(Cats);
class Health {
  check() {
    return 'ok';
  }
}
Get('health')(Health.prototype, 'check', Object.getOwnPropertyDescriptor(Health.prototype, 'check'));
Controller()(Health);
class Application {}
Module({ controllers: [Cats, Health] })(Application);

async function start() {
  const { FastifyAdapter } = platform === 'fastify' ? requireOf('@nestjs/platform-fastify') : {};
  const app = await NestFactory.create(Application, ...(FastifyAdapter ? [new FastifyAdapter()] : []), {
    logger: false,
  });
  app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
  app.enableVersioning({ type: VersioningType.URI });
  await app.listen(0, '127.0.0.1');
  serve(app.getHttpServer());
}
void start();
