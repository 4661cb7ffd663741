/** A client with a cookie jar, like a browser, but that it sends `Secure` cookies over http too and follows no redirect. */
export class CookieClient {
  readonly cookies: Map<string, string>;
  readonly origin: string;

  constructor(origin: string, cookies: ReadonlyMap<string, string> = new Map()) {
    this.origin = origin;
    this.cookies = new Map(cookies);
  }

  /** Another client with the same cookies: an old copy of the jar. */
  copy(): CookieClient {
    return new CookieClient(this.origin, this.cookies);
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(path, { headers });
  }

  post(path: string, form: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(path, { method: 'POST', headers, body: new URLSearchParams(form) });
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookie = Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ');
    if (cookie !== '') headers.set('cookie', cookie);
    const response = await fetch(this.origin + path, { ...init, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.slice(0, line.indexOf(';')).split('=');
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}
