// Shapes of routes for Nest: prefixes, arrays of paths and versions, guards, filters, pipes, middleware. Arguments: as of nest.cjs.
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { serve } = require('./serve.cjs');

const [workspace, platform] = process.argv[2].split(' ');
const requireOf = createRequire(join(__dirname, '..', workspace, 'package.json'));
requireOf('reflect-metadata');
const common = requireOf('@nestjs/common');
const { NestFactory, RouterModule } = requireOf('@nestjs/core');
const { All, Controller, Get, Module, Post, Redirect, UseFilters, UseGuards } = common;

/** Adds a method to a class, as decorators do. */
function handle(type, name, decorators, method) {
  type.prototype[name] = method;
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
  for (const decorate of decorators) decorate(type.prototype, name, descriptor);
}

const refuse = { canActivate: () => false };
const filter = { catch: (_error, host) => answer(host.switchToHttp().getResponse()) };
function answer(response) {
  if (platform === 'fastify') response.status(409).send('filtered');
  else response.status(409).send('filtered');
}

class Books {}
handle(Books, 'list', [Get(['/', 'list'])], () => 'ok');
handle(Books, 'create', [Post()], () => 'ok');
handle(Books, 'guarded', [Get(':book/guarded'), UseGuards(refuse)], () => 'ok');
handle(Books, 'filtered', [Get(':book/filtered'), UseFilters(filter)], () => {
  throw new Error('failed on purpose');
});
handle(Books, 'moved', [Get(':book/moved'), Redirect('/elsewhere')], () => undefined);
handle(Books, 'missing', [Get(':book/missing')], () => {
  throw new common.NotFoundException();
});
handle(Books, 'later', [Get(':book/later')], async () => {
  await Promise.resolve();
  throw new common.BadRequestException();
});
handle(Books, 'all', [All(':book/all')], () => 'ok');
handle(Books, 'one', [Get(':book')], () => 'ok');
Controller({ path: ['books', 'shelves/:shelf/books'], version: ['1', common.VERSION_NEUTRAL] })(Books);

class Pages {}
handle(Pages, 'home', [Get()], () => 'ok');
Controller()(Pages);

class Parts {}
handle(Parts, 'one', [Get(':part')], () => 'ok');
Controller('parts')(Parts);
class PartsModule {}
Module({ controllers: [Parts] })(PartsModule);

class Application {}
Module({
  imports: [PartsModule, RouterModule.register([{ path: 'admin/:area', module: PartsModule }])],
  controllers: [Books, Pages],
})(Application);

async function start() {
  const { FastifyAdapter } = platform === 'fastify' ? requireOf('@nestjs/platform-fastify') : {};
  const app = await NestFactory.create(Application, ...(FastifyAdapter ? [new FastifyAdapter()] : []), {
    logger: false,
  });
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: common.VersioningType.URI });
  app.enableCors();
  await app.listen(0, '127.0.0.1');
  serve(app.getHttpServer());
}
void start();
