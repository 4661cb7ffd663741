/** The process of the load generator autocannon. */
import autocannon from 'autocannon';
import type { LoadJob, LoadReport } from './load.protocol.js';

process.on('disconnect', () => process.exit());
process.on('message', (job: LoadJob) => void run(job));

async function run({ url, cookies, connections, milliseconds }: LoadJob): Promise<void> {
  const began = performance.now();
  const { requests, non2xx, errors } = await autocannon({
    url,
    connections,
    duration: milliseconds / 1_000,
    ...(cookies.length > 0 && { requests: cookies.map((cookie) => ({ headers: { cookie } })) }),
  });
  const failed = non2xx + errors;
  const seconds = (performance.now() - began) / 1_000;
  const report: LoadReport = { requests: requests.total, perSecond: requests.total / seconds };
  process.send?.(failed > 0 ? { error: `${url}: ${failed} requests were not answered by 200.` } : report);
}
