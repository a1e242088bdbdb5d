import { describe } from 'vitest';
import { compareWithPromClient } from './differential';

describe('counting in a group of one process', () => {
  compareWithPromClient({ exotic: false, runs: 150 });
});
