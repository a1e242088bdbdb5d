import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Tests kill processes and hold locks: each file gets a process of its own.
    pool: 'forks',
    // They wait for processes more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // A test awaits conditions; these only end one that hangs, on a busy machine too.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          // The library counts privately in the thread that runs tests; these are about real sharing. See docs/testing.md.
          env: { PROM_CLIENT_MMAP_SHARED: '1' },
        },
      },
      {
        extends: true,
        test: {
          name: 'without the addon',
          include: ['test/drop-in/**/*.test.ts'],
          // These two start processes of their own, or none.
          exclude: [...configDefaults.exclude, 'test/drop-in/{types,lib-paths}.test.ts'],
          setupFiles: ['test/drop-in/support/no-addon.ts'],
          // prom-client has no metric that says that the addon is missing.
          env: { PROM_CLIENT_MMAP_SHARED: '1', PROM_CLIENT_MMAP_SELF_METRICS: 'none' },
        },
      },
    ],
  },
});
