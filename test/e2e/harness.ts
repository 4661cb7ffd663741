/** A Nest application on a port of its own, and clients that speak to it as browsers do, or byte by byte. */
import { type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { type SessionLogger, SessionModule, type SessionModuleOptions } from 'nestjs-http-session';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const PLATFORMS = ['Express', 'Fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What a response of either platform can do. */
export interface AnyResponse {
  send(body?: unknown): unknown;
  header(name: string, value: string | string[]): unknown;
}

export interface AppPlan extends Pick<ModuleMetadata, 'controllers' | 'providers' | 'imports'> {
  /** Options of the default session. `false`: the imports bring what there is of sessions. */
  session?: SessionModuleOptions | false;
  override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  prepare?: (app: INestApplication) => void;
}

/** Everything a manager reported. */
export class Log implements SessionLogger {
  readonly warnings: string[] = [];
  readonly errors: string[] = [];

  debug(): void {}

  warn(message: unknown): void {
    this.warnings.push(String(message));
  }

  error(message: unknown): void {
    this.errors.push(String(message));
  }
}

export class TestApp {
  readonly app: INestApplication;
  readonly log: Log;
  readonly port: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #wires: Wire[] = [];

  constructor(app: INestApplication, log: Log) {
    this.app = app;
    this.log = log;
    this.port = (app.getHttpServer().address() as AddressInfo).port;
  }

  /** A client with an empty cookie jar. */
  client(): Client {
    return new Client(this.port, this.#agent);
  }

  /** A request whose answer can be watched as it arrives. */
  wire(path: string, client?: Client): Wire {
    const wire = new Wire(this.port, path, client?.cookieHeader ?? '');
    this.#wires.push(wire);
    return wire;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#wires.forEach((wire) => wire.leave());
    await this.app.close();
  }
}

/** Starts an application; it is closed when the test is over. */
export async function startApp(platform: Platform, plan: AppPlan): Promise<TestApp> {
  const log = new Log();
  const app = await createApp(platform, plan, log);
  await app.listen(0, '127.0.0.1');
  const testApp = new TestApp(app, log);
  onTestFinished(() => testApp.close());
  return testApp;
}

/** An application that isn't initialised yet. */
export async function createApp(platform: Platform, plan: AppPlan, log = new Log()): Promise<INestApplication> {
  const { session = {}, imports = [], controllers = [], providers = [], override, prepare } = plan;
  const sessions =
    session === false ? [] : [SessionModule.forRoot(session.manager ? session : { logger: log, ...session })];
  const builder = Test.createTestingModule({ imports: [...sessions, ...imports], controllers, providers });
  const module = await (override?.(builder) ?? builder).compile();
  const adapter = platform === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = module.createNestApplication(adapter, { logger: false, forceCloseConnections: true });
  prepare?.(app);
  return app;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The lines of Set-Cookie. */
  setCookies: string[];
  text: string;
  json(): unknown;
}

export interface Sending {
  headers?: Record<string, string>;
  body?: object;
}

/** Keeps cookies as a browser does, but gives Secure ones back over plain http too. */
export class Client {
  readonly jar = new Map<string, string>();
  readonly #port: number;
  readonly #agent: Agent;

  constructor(port: number, agent: Agent) {
    this.#port = port;
    this.#agent = agent;
  }

  get cookieHeader(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** A client that holds what this one holds now: a thief, or a tab that doesn't hear of changes. */
  copy(): Client {
    const copy = new Client(this.#port, this.#agent);
    for (const [name, value] of this.jar) copy.jar.set(name, value);
    return copy;
  }

  get(path: string, sending?: Sending): Promise<Answer> {
    return this.send('GET', path, sending);
  }

  post(path: string, sending?: Sending): Promise<Answer> {
    return this.send('POST', path, sending);
  }

  async send(method: string, path: string, { headers = {}, body }: Sending = {}): Promise<Answer> {
    const cookie = this.cookieHeader;
    const sent = request({
      host: '127.0.0.1',
      port: this.#port,
      agent: this.#agent,
      method,
      path,
      headers: {
        ...(cookie && { cookie }),
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sent.end(body && JSON.stringify(body));
    const [response] = await once(sent, 'response');
    const received = await text(response);
    const setCookies: string[] = response.headers['set-cookie'] ?? [];
    setCookies.forEach((line) => this.#keep(line));
    return {
      status: response.statusCode,
      headers: response.headers,
      setCookies,
      text: received,
      json: (): unknown => JSON.parse(received),
    };
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*max-age=0(;|$)/i.test(line)) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}

/** One request on a connection of its own. */
export class Wire {
  /** What has arrived so far. */
  received = '';
  /** Everything, once the server has closed the connection. */
  readonly answered: Promise<string>;
  readonly #socket: Socket;

  constructor(port: number, path: string, cookie: string) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => (this.received += chunk));
    this.#socket.on('error', () => undefined);
    const cookieLine = cookie && `Cookie: ${cookie}\r\n`;
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${cookieLine}Connection: close\r\n\r\n`);
    this.answered = once(this.#socket, 'close').then(() => this.received);
  }

  /** Resolves when this has arrived. */
  async until(part: string): Promise<void> {
    while (!this.received.includes(part)) await once(this.#socket, 'data');
  }

  /** The client goes away. */
  leave(): void {
    this.#socket.destroy();
  }
}
