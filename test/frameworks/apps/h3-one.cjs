// Routes of h3 1: routers, mounts, applications in applications, middleware, bases, errors.
const {
  createApp,
  createError,
  createRouter,
  eventHandler,
  fromNodeMiddleware,
  sendRedirect,
  toNodeListener,
  useBase: withBase,
} = require('h3-1');
const { h3Routes } = require('prom-client-mmap/http');
const { serve } = require('./serve.cjs');

const answer = eventHandler(() => 'ok');
const app = createApp({ onRequest: h3Routes() });
app.use(
  eventHandler((event) => {
    if (!event.path.includes('denied=1')) return;
    event.node.res.statusCode = 403;
    return 'denied';
  }),
);
app.use(
  '/admin',
  eventHandler(() => undefined),
);
const router = createRouter();
router.get('/', answer);
router.get('/users/:id', answer);
router.use('/all/:id', answer);
router.get('/wild/**', answer);
router.get('/named/**:rest', answer);
router.get('/admin/:page', answer);
router.get(
  '/moved/:id',
  eventHandler((event) => sendRedirect(event, '/')),
);
router.get(
  '/refused/:id',
  eventHandler(() => {
    throw createError({ statusCode: 418 });
  }),
);
router.get(
  '/rejects/:id',
  eventHandler(async () => {
    await Promise.resolve();
    throw new Error('failed on purpose');
  }),
);
const items = createRouter().get('/', answer).get('/:item', answer).get('/:item/parts/:part', answer);
router.use('/shops/**', withBase('/shops', items.handler));
router.use('/whole/**', createRouter().get('/whole/:id', answer).handler);
app.use(router);
app.use('/mount', items);
app.use('/sub', createApp().use('/deeper', items).use('/middleware', answer).handler);
app.use(
  '/static',
  fromNodeMiddleware((_request, response, next) => (_request.url === '/none' ? next() : response.end('ok'))),
);

serve(toNodeListener(app));
