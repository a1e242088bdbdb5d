import { describe } from 'vitest';
import { configure } from '../../src/index';

configure({ shared: false });

// What is said about registries holds for plain memory too.
describe('in plain memory', async () => {
  await import('./registry.test');
  await import('./collect.test');
});
