import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { testProcesses } from './processes.suite.js';

await describeWith(Backend.POSTGRES, 'Four processes over one PostgreSQL', () => {
  const table = uniqueName('processes');
  testProcesses(() => ({ kind: 'postgres', url: Backend.POSTGRES.url, table }));
});
