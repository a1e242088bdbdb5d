import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Tests kill processes and hold locks: each file gets a process of its own.
    pool: 'forks',
    // The library counts privately in the thread that runs tests; these are about real sharing. See docs/testing.md.
    env: { PROM_CLIENT_MMAP_SHARED: '1' },
    // A test awaits conditions; these only end one that hangs, on a busy machine too.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
