/** Raises a stage for all tests of a `describe`. */
import { afterAll, beforeAll, vi } from 'vitest';
import type { Stage } from './stage.js';

/** That a machine is busy is no failure. */
const LIMIT_MS = 120_000;

/** @returns gives the stage, once tests and hooks run */
export function useStage<T extends Stage>(start: () => Promise<T>): () => T {
  vi.setConfig({ testTimeout: LIMIT_MS, hookTimeout: LIMIT_MS });
  let stage: T | undefined;
  beforeAll(async () => {
    stage = await start();
  });
  afterAll(async () => {
    await stage?.close();
    await stage?.dispose();
  });
  return () => {
    if (!stage) throw new Error('The stage is raised in beforeAll');
    return stage;
  };
}
