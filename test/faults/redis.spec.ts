import { describeWith } from '../support/backends.js';
import { RedisServer } from '../support/servers/redis.server.js';
import { testLateWrites } from './late-writes.suite.js';
import { testLostReplies } from './lost-replies.suite.js';
import { testOutages } from './outages.suite.js';
import { REDIS_CLIENTS, RedisStage } from './stages/redis.stage.js';
import { useStage } from './stages/use.stage.js';
import { testUndecodable } from './undecodable.suite.js';

for (const [name, open] of Object.entries(REDIS_CLIENTS)) {
  const start = (): Promise<RedisStage> => RedisStage.start(open);

  await describeWith(RedisServer, `A RedisStore by ${name},`, () => {
    testOutages('Fastify', start);
  });

  await describeWith(RedisServer, `A RedisStore by ${name}, and`, () => {
    const stageOf = useStage(start);
    testLostReplies('Express', stageOf);
    testLateWrites('Express', stageOf);
    testUndecodable('Fastify', stageOf);
  });
}
