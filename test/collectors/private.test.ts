import { describe } from 'vitest';
import { configure } from '../../src/index';

configure({ shared: false });

// What is said about default metrics holds for plain memory too. Hooks are those of one describe each.
describe('in plain memory, default metrics', async () => {
  await import('./default-metrics.test');
});
describe('in plain memory, their values', async () => {
  await import('./values.test');
});
describe('in plain memory, what runs for them', async () => {
  await import('./lifetime.test');
});
