import { Backend, describeWith, uniqueName } from '../support/backends.js';
import { testProcesses } from './processes.suite.js';

await describeWith(Backend.MARIADB, 'Four processes over one MariaDB', () => {
  const table = uniqueName('processes');
  testProcesses(() => ({ kind: 'mariadb', url: Backend.MARIADB.url, table }));
});
