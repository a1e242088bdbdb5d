// Shapes of routes for Koa: nested routers with prefixes, parameters in them, methods that are not allowed, middleware that answers.
const Koa = require('koa');
const mount = require('koa-mount');
const { Router } = require('@koa/router');
const { serve } = require('./serve.cjs');

const app = new Koa();
app.silent = true;
const answer = (context) => {
  context.body = 'ok';
};

const posts = new Router({ prefix: '/posts' });
posts.get('list', '/', answer);
posts.get('/:post', answer);
posts.delete('/:post', (context) => {
  context.status = 204;
});
posts.get('/:post/missing', (context) => context.throw(404));
posts.get('/:post/denied', (context) => context.throw(403));
const forums = new Router({ prefix: '/forums' });
forums.use('/:forum', async (_, next) => next());
forums.use('/:forum/topics', posts.routes(), posts.allowedMethods());
forums.get('/:forum', answer);

const router = new Router();
router.get(['/one', '/two/:name'], answer);
router.get(/^\/expression\/(\d+)$/, answer);
router.all('/all/:id', answer);
router.get('/passes/:id', async (_, next) => next());
router.get('/passes/:other', answer);
router.redirect('/moved', '/one');
router.get('/optional{/:id}', answer);
router.get('/wild/*rest', answer);
router.get('/async/:id', async (context) => {
  await new Promise((resolve) => setImmediate(resolve));
  context.body = 'ok';
});

app.use(async (context, next) => {
  if (context.path === '/health') context.body = 'ok';
  else await next();
});
app.use(forums.routes());
app.use(router.routes()).use(router.allowedMethods());
app.use(mount('/inner', new Koa().use(router.routes()).use(router.allowedMethods())));

serve(app.callback());
