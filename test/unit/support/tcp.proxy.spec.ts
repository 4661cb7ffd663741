import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient } from 'redis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Backend, describeWith, uniqueName } from '../../support/backends.js';
import { TcpProxy } from '../../support/tcp.proxy.js';

await describeWith(Backend.REDIS, 'TcpProxy', () => {
  let proxy: TcpProxy;
  const key = uniqueName('tcp-proxy');

  /** A client that gives up when its connection breaks. */
  async function connected(url: string) {
    const client = createClient({ url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    return client.connect();
  }

  beforeEach(async () => {
    proxy = await TcpProxy.start(Backend.REDIS.url);
  });

  afterEach(async () => {
    proxy.close();
    const direct = await connected(Backend.REDIS.url);
    await direct.del(key);
    direct.destroy();
  });

  it('counts a round trip for each answer that is waited for, and one for what is pipelined', async () => {
    const client = await connected(proxy.url);
    const recording = proxy.record();
    await client.incr(key);
    await client.incr(key);
    expect(recording.roundTrips).toBe(2);
    const held = proxy.hold('requests');
    const third = client.incr(key);
    await held.reached;
    const fourth = client.incr(key);
    await expect.poll(() => recording.piecesOf('requests').length).toBe(4);
    held.open();
    await Promise.all([third, fourth]);
    expect(recording.roundTrips).toBe(3);
    expect(recording.textOf('replies')).toBe(':1\r\n:2\r\n:3\r\n:4\r\n');
    expect(recording.bytesOf('replies')).toBe(16);
    recording.stop();
    await client.incr(key);
    expect(recording.piecesOf('requests')).toHaveLength(4);
  });

  it('loses the reply to a request that was carried out', async () => {
    const client = await connected(proxy.url);
    const lost = proxy.loseReply(/INCR/);
    expect(await client.get(key)).toBeNull();
    await expect(client.incr(key)).rejects.toThrow();
    await lost;
    await expect.poll(() => proxy.connections).toBe(0);
    const next = await connected(proxy.url);
    expect(await next.get(key)).toBe('1');
  });

  it('holds replies to what the server has done, and lets them go in their order', async () => {
    const [client, other] = [await connected(proxy.url), await connected(Backend.REDIS.url)];
    const held = proxy.hold('replies');
    const order: number[] = [];
    const first = client.incr(key).then((value) => order.push(value));
    await held.reached;
    expect(await other.get(key)).toBe('1');
    proxy.pass('replies');
    const second = client.incr(key).then((value) => order.push(value));
    await expect.poll(() => other.get(key)).toBe('2');
    expect(order).toEqual([]);
    held.open();
    await Promise.all([first, second]);
    expect(order).toEqual([1, 2]);
    other.destroy();
  });

  it('holds a request that reaches the server when its client has given up', async () => {
    const [client, other] = [await connected(proxy.url), await connected(Backend.REDIS.url)];
    const held = proxy.hold('requests');
    const unanswered = client.incr(key);
    await held.reached;
    client.destroy();
    await expect(unanswered).rejects.toThrow();
    expect(await other.get(key)).toBeNull();
    held.open();
    await expect.poll(() => other.get(key)).toBe('1');
    other.destroy();
  });

  it('swallows replies until the connection is cut', async () => {
    const [client, other] = [await connected(proxy.url), await connected(Backend.REDIS.url)];
    proxy.swallow('replies');
    const unanswered = client.incr(key);
    await expect.poll(() => other.get(key)).toBe('1');
    proxy.cut();
    await expect(unanswered).rejects.toThrow();
    proxy.pass('replies');
    const next = await connected(proxy.url);
    expect(await next.incr(key)).toBe(2);
    other.destroy();
  });

  it('refuses new connections, keeps the open ones, and accepts again on the same port', async () => {
    const client = await connected(proxy.url);
    proxy.refuse();
    await expect(connected(proxy.url)).rejects.toThrow('ECONNREFUSED');
    expect(await client.incr(key)).toBe(1);
    await proxy.accept();
    const next = await connected(proxy.url);
    expect(await next.incr(key)).toBe(2);
    expect(proxy.connections).toBe(2);
  });

  it('delays replies, and none overtakes another when the delay ends', async () => {
    const client = await connected(proxy.url);
    proxy.delay('replies', 30);
    const recording = proxy.record();
    const first = client.incr(key);
    await expect.poll(() => recording.textOf('replies')).toBe(':1\r\n');
    proxy.pass('replies');
    expect(await Promise.all([first, client.incr(key)])).toEqual([1, 2]);
  });

  it('brings the answer to a client that has said all', async () => {
    const held = proxy.hold('replies');
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('PING\r\n');
    await held.reached;
    held.open();
    expect(await text(socket)).toBe('+PONG\r\n');
    await expect.poll(() => proxy.connections).toBe(0);
  });

  it('shows a client a broken connection when the server refuses it', async () => {
    const nobody = await TcpProxy.start('redis://127.0.0.1:1');
    await expect(connected(nobody.url)).rejects.toThrow();
    await expect.poll(() => nobody.connections).toBe(0);
    nobody.close();
  });
});
