import { describeWith } from '../support/backends.js';
import { PostgresServer } from '../support/servers/postgres.server.js';
import { RedisServer } from '../support/servers/redis.server.js';
import { testLateWrites } from './late-writes.suite.js';
import { testLostReplies } from './lost-replies.suite.js';
import { testOutages } from './outages.suite.js';
import { testSilence } from './silence.suite.js';
import { TieredStage } from './stages/tiered.stage.js';
import { useStage } from './stages/use.stage.js';
import { testUndecodable } from './undecodable.suite.js';

const start = (): Promise<TieredStage> => TieredStage.start('durable');

await describeWith([RedisServer, PostgresServer], 'A TieredStore whose durable tier fails', () => {
  testOutages('Fastify', start);
});

await describeWith([RedisServer, PostgresServer], 'A TieredStore and', () => {
  const stageOf = useStage(start);
  testLostReplies('Express', stageOf);
  testLateWrites('Express', stageOf);
  testUndecodable('Fastify', stageOf);
  testSilence('Express', stageOf);
});
