import { envelop, useEngine, useSchema } from '@envelop/core';
import { usePrometheus } from '@envelop/prometheus';
import express from 'express';
import { buildSchema, execute, parse, subscribe, validate } from 'graphql';
import { register } from 'prom-client';

const schema = buildSchema('type Query { hello: String! fails: String }');
const rootValue = {
  hello: () => 'hello',
  fails: () => {
    throw new Error('as it should');
  },
};

const metrics = Object.fromEntries(
  [
    'phase_parse',
    'phase_validate',
    'phase_context',
    'phase_execute',
    'execute_resolver',
    'request_duration',
    'request',
    'request_time_summary',
    'error_result',
    'schema_change',
  ].map((name) => [`graphql_envelop_${name}`, true]),
);

export const application = () => {
  const getEnveloped = envelop({
    plugins: [
      useEngine({ execute, parse, subscribe, validate }),
      useSchema(schema),
      usePrometheus({ metrics }),
    ],
  });

  return express()
    .post('/graphql', express.json(), async ({ body }, response) => {
      const { parse, validate, contextFactory, execute, schema } = getEnveloped({ request: body });
      const document = parse(body.query);
      validate(schema, document);
      const { operationName } = body;
      const contextValue = await contextFactory();
      response.json(await execute({ document, operationName, schema, rootValue, contextValue }));
    })
    .get('/metrics', async (_request, response) => response.type('text').send(await register.metrics()));
};
