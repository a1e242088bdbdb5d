import { describe } from 'vitest';
import { configure } from '../../src/index';

configure({ shared: false });

// What is said about these holds for plain memory too.
describe('in plain memory', async () => {
  await import('../integrations/mirror.test');
  await import('./series-ttl.test');
});
