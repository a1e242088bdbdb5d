import { describe } from 'vitest';
import { configure } from '../../src/index';
import { compareWithPromClient } from './differential';

configure({ shared: false });

describe('counting in plain memory', () => {
  compareWithPromClient({ exotic: true, runs: 300 });
});
