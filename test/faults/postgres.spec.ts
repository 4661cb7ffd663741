import { describeWith } from '../support/backends.js';
import { PostgresServer } from '../support/servers/postgres.server.js';
import { testLateWrites } from './late-writes.suite.js';
import { testLostReplies } from './lost-replies.suite.js';
import { testOutages } from './outages.suite.js';
import { testSilence } from './silence.suite.js';
import { SqlStage } from './stages/sql.stage.js';
import { useStage } from './stages/use.stage.js';
import { testTermination } from './termination.suite.js';
import { testUndecodable } from './undecodable.suite.js';

const start = (): Promise<SqlStage> => SqlStage.postgres();

await describeWith(PostgresServer, 'A SqlStore on PostgreSQL', () => {
  testOutages('Express', start);
});

await describeWith(PostgresServer, 'A SqlStore on PostgreSQL and', () => {
  const stageOf = useStage(start);
  testLostReplies('Fastify', stageOf);
  testLateWrites('Fastify', stageOf);
  testTermination('Fastify', stageOf);
  testUndecodable('Express', stageOf);
  testSilence('Fastify', stageOf);
});
