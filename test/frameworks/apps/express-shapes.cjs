// Shapes of routes for every version of Express, which the first argument names. The paths of wildcards and optional parts differ.
const express = require(process.argv[2]);
const isFour = process.argv[2] === 'express-4';
const { serve } = require('./serve.cjs');

const app = express();
const answer = (_request, response) => response.send('ok');
const fail = (_request, _response, next) => next(new Error('failed on purpose'));
const pass = (_request, _response, next) => next();

// Middleware of all kinds around the routes.
app.use(pass);
app.use('/accounts', pass, pass);
app.param('account', (_request, _response, next, id) =>
  next(id === '0' ? new Error('failed on purpose') : undefined),
);

app
  .route('/book')
  .get(answer)
  .post(answer)
  .all((_request, response) => response.status(405).send('no'));
app.all('/all/:any', answer);
app.get('/before/:id', pass, pass, answer);
app.get('/skips/:id', (_request, _response, next) => next('route'));
app.get('/skips/:other', answer);
app.get(isFour ? '/optional/:id?' : '/optional{/:id}', answer);
app.get('/range/:from-:to', answer);
app.get('/files/:name.:ext', answer);
app.get([/^\/number\/(\d+)$/, '/word/:word'], answer);
app.get('/moved', (_request, response) => response.redirect('/book'));
app.get(['/list', '/list/:page', ['/deep-list']], answer);
app.get('/accounts/:account', answer);
app.use('/static/', express.static(__dirname, { redirect: true }));
app.use('/folder', express.static(`${__dirname}/..`));

// A router at a parameter, with its own parameters, errors and answers for what it does not know.
const orders = express.Router({ mergeParams: true });
orders.param('order', (_request, _response, next) => next());
orders.get('/', answer);
orders.route('/:order').get(answer).delete(answer);
orders.get('/:order/fails', fail);
orders.use((_request, response) => response.status(404).send('no such order'));
app.use('/users/:user/orders', orders);

// The router answers errors itself, or hands them on.
const handled = express.Router();
handled.get('/:id', fail);
handled.use((_error, _request, response, _next) => response.status(422).send('failed'));
app.use('/handled', handled);
const exits = express.Router();
exits.get('/:id', (_request, _response, next) => next('router'));
exits.get('/:id', answer);
app.use('/exits', exits);

// Routers without a path, at several paths, at a regular expression, and within each other.
const bare = express.Router();
bare.get('/bare/:id', answer);
app.use(bare);
const expression = express.Router();
expression.get('/inner/:id', answer);
app.use(/^\/v\d+/, expression);
const strict = express.Router({ strict: true, caseSensitive: true });
strict.get('/Strict/:id/', answer);
app.use('/s', strict);
const one = express.Router();
const two = express.Router();
const three = express.Router();
three.get('/three/:c', answer);
two.use('/two/:b', three);
one.use('/one/:a', two);
app.use('/nest', pass, one);

// An application in an application, at several paths.
const admin = express();
admin.get('/panel/:id', answer);
admin.get('/panel/:id/fails', fail);
admin.use((error, _request, response, next) =>
  response.headersSent ? next(error) : response.status(500).send('admin'),
);
app.use(['/admin', '/manage'], admin);

// Middleware that answers.
app.use('/guard', (request, response, next) =>
  request.query.denied ? response.status(401).send('no') : next(),
);
app.get('/guard/:id', answer);
app.use('/tenants/:tenant/hook', answer);

app.use((_request, response) => response.status(404).send('not found'));
app.use((_error, _request, response, _next) => response.status(500).send('failed'));

serve(app);
