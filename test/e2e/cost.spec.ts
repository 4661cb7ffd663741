/** Promise 6: requests that bring no session cost no call of the store, however many there are. */
import { Controller, Get } from '@nestjs/common';
import { MemoryStore, Sess, Session } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from './harness.js';

@Controller('cost')
class CostController {
  @Get()
  cost(@Sess() sess?: Session): string {
    return sess ? 'a session' : 'no session';
  }
}

describe.each(PLATFORMS)('requests on %s don’t ask the store:', (platform) => {
  it.each<[count: number, what: string, cookie: (index: number) => string]>([
    [10_000, 'without a cookie', () => ''],
    [2_000, 'with a malformed cookie', (index) => `Cookie: __Host-sessid=${'x'.repeat(index % 300)}%00\r\n`],
    [
      2_000,
      'with a forged cookie',
      (index) => `Cookie: __Host-sessid=abcd.${String(index).padStart(24, '0')}.${'A'.repeat(43)}\r\n`,
    ],
  ])('%i %s', async (count, _, cookie) => {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store, cookie: { secrets: ['hush'] } },
      controllers: [CostController],
    });
    const requests = Array.from(
      { length: count },
      (__, index) => `GET /cost HTTP/1.1\r\nHost: localhost\r\n${cookie(index)}\r\n`,
    );
    const answer = await pipeline(app.port, requests);
    expect(answer.split('HTTP/1.1 200').length - 1).toBe(count);
    expect(answer.split('no session').length - 1).toBe(count);
    expect(answer).not.toMatch(/set-cookie/i);
    expect(store.calls).toEqual([]);
  });
});

/** Sends all requests on one connection, and gives everything that came back. */
async function pipeline(port: number, requests: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let received = '';
  let answered = 0;
  socket.on('data', (chunk: string) => (received += chunk));
  for (let sent = 0; sent < requests.length; sent += 500) {
    const batch = requests.slice(sent, sent + 500);
    socket.write(batch.join(''));
    answered += batch.length;
    while (received.split('no session').length - 1 < answered) await once(socket, 'data');
  }
  socket.destroy();
  return received;
}
