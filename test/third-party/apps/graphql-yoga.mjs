import { usePrometheus } from '@graphql-yoga/plugin-prometheus';
import { createSchema, createYoga } from 'graphql-yoga';

const schema = createSchema({
  typeDefs: 'type Query { hello: String! fails: String }',
  resolvers: {
    Query: {
      hello: () => 'hello',
      fails: () => {
        throw new Error('as it should');
      },
    },
  },
});

export const application = () =>
  createYoga({
    schema,
    logging: false,
    // Without the URL, in which is the port of the worker.
    plugins: [usePrometheus({ metrics: { graphql_envelop_execute_resolver: true }, labels: { url: false } })],
  });
