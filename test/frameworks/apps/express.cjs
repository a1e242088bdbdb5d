// One application for every version of Express, which the first argument names. The paths of wildcards differ.
const express = require(process.argv[2]);
const isFour = process.argv[2] === 'express-4';
const { serve } = require('./serve.cjs');

const app = express();
const answer = (_request, response) => response.send('ok');
const fail = () => {
  throw new Error('failed on purpose');
};

app.get('/', answer);
app.get('/users/:id', answer).put('/users/:id', answer);
app.get(['/one', '/two/:name'], answer);
app.get(/^\/expression\/(\d+)$/, answer);
app.get(isFour ? '/wild/*' : '/wild/*rest', answer);
app.get('/throws/:id', fail);
app.get('/rejects/:id', (_request, _response, next) => next(new Error('failed on purpose')));
app.get('/next/:id', (_request, _response, next) => next());
app.get('/stream/:id', (_request, response) => {
  response.write('first');
  setImmediate(() => response.end('last'));
});
app.get('/wild/:wild/wild', answer);
app.use('/static', express.static(__dirname));
app.use('/graphql', answer);

const items = express.Router();
items.get('/', answer);
items.get('/:item', answer);
items.get('/:item/boom', fail);
items.use((error, _request, response, next) => {
  if (error.message === 'failed on purpose') response.status(503).send('failed');
  else next(error);
});
const tenant = express.Router({ mergeParams: true });
tenant.use('/items', items);
tenant.get('/late', (_request, _response, next) => setImmediate(next, new Error('failed on purpose')));
app.use('/api/:tenant/v1', tenant);

const twice = express.Router();
twice.get('/twice/:id', answer);
app.use('/first', twice);
app.use(['/second', '/third/:part'], twice);

const sub = express();
sub.get('/deep/:n', answer);
const subRouter = express.Router();
subRouter.get('/deeper/:n', answer);
sub.use('/routers', subRouter);
app.use('/admin/:section', sub);

const inner = express();
inner.get('/inside/:n', answer);
const around = express.Router();
around.use('/around/:o', inner);
app.use('/outer', around);

app.use('/Case', express.Router().get('/Sensitive/:id', answer));

serve(app);
