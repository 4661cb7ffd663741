import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { testProcesses } from './processes.suite.js';

describe('Four processes over one SQLite file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'processes-'));
  afterAll(() => rm(directory, { recursive: true }));
  testProcesses(() => ({ kind: 'sqlite', file: join(directory, 'sessions.db'), table: 'http_session' }));
});
