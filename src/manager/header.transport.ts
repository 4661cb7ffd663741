/** The id in a header, for clients that aren't browsers. */
import { addToHeader } from '../http/headers.js';
import type { HttpRequest, HttpResponse } from '../http/http.exchange.js';
import { checkOptionNames } from '../session/options.check.js';
import { invalidOption } from '../session/session.error.js';
import { isWellFormedId } from '../session/session.id.js';
import { type Presented, SessionTransport } from './session.transport.js';

export interface HeaderOptions {
  /** The header's name, in requests and responses. @defaultValue 'X-Auth-Token' */
  header?: string | undefined;
  /** What stands before the id, for example `'Bearer'` in `Authorization`. @defaultValue nothing */
  scheme?: string | undefined;
  /**
   * Which clients are told by this header when they present no id. Scripts of a page can read it, unlike a cookie: beside
   * a `CookieTransport`, choose the clients that aren't browsers. @defaultValue all
   */
  when?: ((request: HttpRequest) => boolean) | undefined;
}

const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/;

export class HeaderTransport extends SessionTransport {
  readonly carrier: string;
  readonly header: string;
  readonly #scheme: string | undefined;
  readonly #when: (request: HttpRequest) => boolean;

  /** @throws SessionError `INVALID_OPTION` */
  constructor(options: HeaderOptions = {}) {
    super();
    checkOptionNames('HeaderTransport', options, ['header', 'scheme', 'when']);
    const { header = 'X-Auth-Token', scheme, when = () => true } = options;
    if (typeof header !== 'string' || !TOKEN.test(header)) {
      throw invalidOption('header', header, "a header's name (RFC 9110, 5.6.2)");
    }
    if (scheme !== undefined && (typeof scheme !== 'string' || !TOKEN.test(scheme))) {
      throw invalidOption('scheme', scheme, "an authentication scheme such as 'Bearer'");
    }
    if (typeof when !== 'function') throw invalidOption('when', when, 'a function of the request');
    this.header = header;
    this.carrier = `header ${header.toLowerCase()}`;
    this.#scheme = scheme;
    this.#when = when;
  }

  read(request: HttpRequest): readonly Presented[] {
    const value = request.headers[this.header.toLowerCase()];
    if (typeof value !== 'string' || value === '') return [];
    const id = this.#idOf(value);
    // Another scheme is somebody else's business.
    if (id === undefined) return [];
    return [isWellFormedId(id) ? { id } : { rejected: 'malformed' }];
  }

  tell(response: HttpResponse, id: string): void {
    this.#write(response, this.#scheme === undefined ? id : `${this.#scheme} ${id}`);
  }

  /** An empty header tells the client to forget. */
  clear(response: HttpResponse): void {
    this.#write(response, '');
  }

  withdraw(response: HttpResponse): void {
    response.setHeader(this.header, []);
  }

  override suits(request: HttpRequest): boolean {
    return this.#when(request);
  }

  #idOf(value: string): string | undefined {
    if (this.#scheme === undefined) return value.trim();
    const [scheme, id, ...rest] = value.trim().split(/ +/);
    return scheme?.toLowerCase() === this.#scheme.toLowerCase() && rest.length === 0 ? id : undefined;
  }

  #write(response: HttpResponse, value: string): void {
    response.setHeader(this.header, [value]);
    addToHeader(response, 'Cache-Control', `no-cache="${this.header}"`);
    addToHeader(response, 'Vary', this.header);
  }
}
