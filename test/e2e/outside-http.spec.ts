/** Decorators where there is no HTTP request: gateways, microservices and resolvers. What is refused says what to do; that works. */
import { Controller, Injectable, Logger } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ExternalContextCreator } from '@nestjs/core';
import { type CustomTransportStrategy, MessagePattern, Payload, Server } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets';
import { Sess, SessAttr, type Session, SessionManager } from 'nestjs-http-session';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { BasicsController } from './basics.controller.js';
import { PLATFORMS, startApp, type TestApp } from './harness.js';

@WebSocketGateway()
class ChatGateway implements OnGatewayConnection<WebSocket> {
  readonly #names = new WeakMap<object, Promise<unknown>>();

  constructor(private readonly sessions: SessionManager) {}

  /** As the message advises. */
  handleConnection(client: WebSocket, handshake: IncomingMessage): void {
    this.#names.set(
      client,
      this.sessions.get(handshake).then((session) => session?.attr('name')),
    );
  }

  @SubscribeMessage('mistaken')
  mistaken(@Sess() session: Session): string {
    return session.handle;
  }

  @SubscribeMessage('plain')
  async plain(client: WebSocket): Promise<WsResponse<unknown>> {
    return { event: 'plain', data: await this.#names.get(client) };
  }

  @SubscribeMessage('echo')
  echo(@MessageBody() body: unknown): WsResponse<unknown> {
    return { event: 'echo', data: body };
  }
}

@Controller()
class PricesController {
  @MessagePattern('mistaken')
  mistaken(@SessAttr('currency') currency: string): string {
    return currency;
  }

  @MessagePattern('price')
  price(@Payload() currency: string): string {
    return `3 ${currency}`;
  }
}

/** Messages without a network. */
class LocalServer extends Server implements CustomTransportStrategy {
  listen(started: () => void): void {
    started();
  }

  close(): void {}

  on(): void {}

  unwrap<T>(): T {
    return this as unknown as T;
  }

  async deliver(pattern: string, payload: unknown): Promise<unknown> {
    const answer = await this.messageHandlers.get(pattern)?.(payload);
    return new Promise((answered, failed) =>
      this.transformToObservable(answer).subscribe({ next: answered, error: failed }),
    );
  }
}

@Injectable()
class CartResolver {
  cart(@Sess() session: unknown): string {
    return String(session);
  }
}

/** Parameters of a resolver, as `@nestjs/graphql` looks them up: by its own names for them. */
const GRAPHQL_PARAMETERS = { exchangeKeyForValue: () => undefined };

/** What Nest's loggers are told of while a test runs. */
function errorLog(): string[] {
  const said: string[] = [];
  const spy = vi
    .spyOn(Logger.prototype, 'error')
    .mockImplementation((error: unknown) => void said.push(error instanceof Error ? error.message : String(error)));
  onTestFinished(() => spy.mockRestore());
  return said;
}

describe.each(PLATFORMS)('Outside HTTP, on %s', (platform) => {
  async function connect(app: TestApp, cookie = ''): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${app.port}/`, { headers: { cookie } });
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    return socket;
  }

  const startChat = () =>
    startApp(platform, {
      controllers: [BasicsController],
      providers: [ChatGateway],
      prepare: (nest) => nest.useWebSocketAdapter(new WsAdapter(nest)),
    });

  async function ask(socket: WebSocket, event: string, data?: unknown): Promise<unknown> {
    const answered = once(socket, 'message');
    socket.send(JSON.stringify({ event, data }));
    const [message] = (await answered) as [Buffer];
    return JSON.parse(message.toString());
  }

  it('a gateway that takes @Sess() is told to ask for the request of the handshake', async () => {
    const app = await startChat();
    const said = errorLog();
    const socket = await connect(app);
    expect(await ask(socket, 'mistaken')).toMatchObject({ event: 'exception', data: { status: 'error' } });
    expect(said).toEqual([
      'ChatGateway.mistaken uses the session in a context of type "ws": sessions need an HTTP request. ' +
        'In a gateway, ask SessionManager.get() for the request of the handshake, in handleConnection.',
    ]);
    expect(await ask(socket, 'echo', 'still there')).toEqual({ event: 'echo', data: 'still there' });
  });

  it('a gateway that does so has the session', async () => {
    const app = await startChat();
    const client = app.client();
    await client.post('/login', { body: { attrs: { name: 'Ann' } } });
    expect(await ask(await connect(app, client.cookieHeader), 'plain')).toEqual({ event: 'plain', data: 'Ann' });
    expect(await ask(await connect(app), 'plain')).toEqual({ event: 'plain' });
  });

  it('a microservice that takes @SessAttr() is told that a message brings no request', async () => {
    const server = new LocalServer();
    const app = await startApp(platform, { controllers: [PricesController] });
    app.app.connectMicroservice({ strategy: server });
    await app.app.startAllMicroservices();
    const said = errorLog();
    await expect(server.deliver('mistaken', 'EUR')).rejects.toMatchObject({ status: 'error' });
    expect(said).toEqual([
      'PricesController.mistaken uses the session in a context of type "rpc": sessions need an HTTP request. ' +
        'A message brings no request: let its sender put into it what the handler needs to know.',
    ]);
    expect(await server.deliver('price', 'EUR')).toBe('3 EUR');
  });

  it('a resolver that takes @Sess() is told where the request is', async () => {
    const app = await startApp(platform, { providers: [CartResolver] });
    const resolver = app.app.get(CartResolver);
    const resolve = app.app
      .get(ExternalContextCreator)
      .create(
        resolver,
        resolver.cart.bind(resolver),
        'cart',
        ROUTE_ARGS_METADATA,
        GRAPHQL_PARAMETERS,
        undefined,
        undefined,
        undefined,
        'graphql',
      ) as (...args: unknown[]) => Promise<unknown>;
    await expect(resolve({}, {}, {}, {})).rejects.toMatchObject({
      code: 'CONTEXT_UNSUPPORTED',
      message: expect.stringContaining("ask SessionManager.get() for the request, which is in GraphQL's own context"),
    });
  });
});
