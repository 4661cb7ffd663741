/** What a run of `npm run bench` finds, as it is kept. */
import type { HttpResults } from './http/http.bench.js';
import type { MemoryResult } from './memory.bench.js';

export interface BenchResults {
  readonly date: string;
  readonly processor: string;
  readonly node: string;
  readonly http?: HttpResults;
  readonly memory?: readonly MemoryResult[];
}
