/** The process of the load generator autocannon. */
import autocannon from 'autocannon';
import type { LoadJob, LoadReport } from './load.protocol.js';

process.on('disconnect', () => process.exit());
process.on('message', (job: LoadJob) => void run(job));

async function run({ url, cookies, connections, milliseconds }: LoadJob): Promise<void> {
  const { non2xx, errors } = await autocannon({
    url,
    connections,
    duration: milliseconds / 1_000,
    ...(cookies.length > 0 && { requests: cookies.map((cookie) => ({ headers: { cookie } })) }),
  });
  const report: LoadReport = { failed: non2xx + errors };
  process.send?.(report);
}
