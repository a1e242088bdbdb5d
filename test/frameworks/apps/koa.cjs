// The argument: the workspace of a version, or '' for the newest one.
const { createRequire } = require('node:module');
const { join } = require('node:path');
const mount = require('koa-mount');
const { serve } = require('./serve.cjs');

const requireOf = createRequire(join(__dirname, '..', process.argv[2], 'package.json'));
const Koa = requireOf('koa');
const exported = requireOf('@koa/router');
const Router = exported.Router ?? exported; // older versions export the class itself

const app = new Koa();
app.silent = true;
const answer = (context) => {
  context.body = 'ok';
};
const items = new Router({ prefix: '/items' });
items.get('/', answer).get('/:item', answer);
items.get('/:item/boom', () => {
  throw new Error('failed on purpose');
});
const router = new Router();
router.get('/', answer).get('/users/:id', answer).put('/users/:id', answer);
router.use('/api/:tenant/v1', items.routes());
app.use(async (context, next) => {
  if (context.query.denied) context.status = 403;
  else await next();
});
const mounted = new Koa();
mounted.use(mount('/v2', items.routes()));
app.use(mount('/mounted', mounted));
// A mount that does not answer: the route is one outside of it.
app.use(mount('/users', async (_, next) => next()));
app.use(router.routes()).use(router.allowedMethods());

serve(app.callback());
