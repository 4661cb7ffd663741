import { describeWith } from '../support/backends.js';
import { MariadbServer } from '../support/servers/mariadb.server.js';
import { testLateWrites } from './late-writes.suite.js';
import { testLostReplies } from './lost-replies.suite.js';
import { testOutages } from './outages.suite.js';
import { testSilence } from './silence.suite.js';
import { SqlStage } from './stages/sql.stage.js';
import { useStage } from './stages/use.stage.js';
import { testTermination } from './termination.suite.js';
import { testUndecodable } from './undecodable.suite.js';

const start = (): Promise<SqlStage> => SqlStage.mariadb();

await describeWith(MariadbServer, 'A SqlStore on MariaDB', () => {
  testOutages('Fastify', start);
});

await describeWith(MariadbServer, 'A SqlStore on MariaDB and', () => {
  const stageOf = useStage(start);
  testLostReplies('Express', stageOf);
  testLateWrites('Express', stageOf);
  testTermination('Express', stageOf);
  testUndecodable('Fastify', stageOf);
  testSilence('Express', stageOf);
});
