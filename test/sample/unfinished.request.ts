/** A form on its way: the server waits for its last byte. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export class UnfinishedRequest {
  /** Resolves when the server has begun with it. */
  readonly begun: Promise<unknown>;
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  #answer = '';

  constructor(origin: string) {
    this.#socket = connect(Number(new URL(origin).port), '127.0.0.1');
    this.#closed = once(this.#socket, 'close').catch(() => undefined);
    this.#socket.setEncoding('utf8').on('data', (text: string) => (this.#answer += text));
    this.#socket.write(
      'POST /demo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n' +
        'Content-Length: 7\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n',
    );
    this.begun = once(this.#socket, 'data');
  }

  /** Sends what is missing. @returns the answer, empty if there is none */
  async finish(): Promise<string> {
    this.#answer = '';
    this.#socket.write('Login=1');
    await this.#closed;
    return this.#answer;
  }
}
