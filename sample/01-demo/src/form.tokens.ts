/**
 * Proof that a form comes from a page of ours (CSRF). The login form needs one as well, and there is no session yet: a site
 * could log its visitors in to an account of its own and read there what they leave. So the proof doesn't hang on the session
 * but on a cookie of its own: the browser gets a random value, the form holds its HMAC, and both must come back together
 * (OWASP: signed double submit). Another site can neither read the form nor, with `__Host-`, plant a cookie.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The name of the form's hidden field. */
export const TOKEN_FIELD = 'FormToken';

/** What Express' and Fastify's requests have in common. */
export interface FormRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body?: unknown;
}

/** What Express' response and Fastify's reply have in common. */
export interface FormResponse {
  header(name: string, value: string): unknown;
}

export class FormTokens {
  /** Of this process: after a restart the pages that are open ask for a reload. */
  readonly #key = randomBytes(32);
  readonly #cookieName: string;
  readonly #flags: string;

  constructor({ secure }: { secure: boolean }) {
    this.#cookieName = secure ? '__Host-form' : 'form';
    this.#flags = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  /** The token for a page's forms. A client without the cookie gets it with this response. */
  issue(request: FormRequest, response: FormResponse): string {
    const known = this.#cookieOf(request);
    if (known !== undefined) return this.#sign(known).toString('base64url');
    const value = randomBytes(18).toString('base64url');
    response.header('Set-Cookie', `${this.#cookieName}=${value}; ${this.#flags}`);
    return this.#sign(value).toString('base64url');
  }

  /** Whether a submitted form holds the token of the client that sends it. */
  accepts({ headers, body }: FormRequest): boolean {
    const value = this.#cookieOf({ headers });
    const token = typeof body === 'object' && body !== null ? (Reflect.get(body, TOKEN_FIELD) as unknown) : undefined;
    if (value === undefined || typeof token !== 'string') return false;
    const given = Buffer.from(token, 'base64url');
    const expected = this.#sign(value);
    // In constant time: how long it takes must not tell how many bytes were right.
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #sign(value: string): Buffer {
    return createHmac('sha256', this.#key).update(value).digest();
  }

  #cookieOf({ headers: { cookie = '' } }: Pick<FormRequest, 'headers'>): string | undefined {
    const pair = cookie.split('; ').find((one) => one.startsWith(`${this.#cookieName}=`));
    const value = pair?.slice(this.#cookieName.length + 1);
    return value && /^[\w-]{24}$/.test(value) ? value : undefined;
  }
}
