import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Nest injects by type: decorators must compile with their metadata.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  // The package's own names mean the sources, as in tsconfig.json.
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/**/*.spec.ts'],
    reporters: ['default', './test/support/promise.reporter.ts'],
    setupFiles: ['reflect-metadata'],
    pool: 'forks',
    // More than the usual two processors: many tests wait, for servers and for other processes.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    passWithNoTests: false,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
  },
});
