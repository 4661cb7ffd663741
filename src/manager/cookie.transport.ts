/** The id in a cookie, as RFC 6265bis has it. */
import { type SetCookie, stringifySetCookie } from 'cookie';
import { addToHeader } from '../http/headers.js';
import type { HttpRequest, HttpResponse } from '../http/http.exchange.js';
import { type Duration, toMilliseconds } from '../session/duration.js';
import { checkOptionNames } from '../session/options.check.js';
import { invalidOption, SessionError } from '../session/session.error.js';
import { isWellFormedId } from '../session/session.id.js';
import { IdSigner } from './id.signer.js';
import { type Presented, SessionTransport, type Validity } from './session.transport.js';

export interface CookieOptions {
  /** The cookie's name, without prefix. @defaultValue 'sessid', or 'sessid-NAME' for a named session */
  name?: string | undefined;
  /** @defaultValue '/' */
  path?: string | undefined;
  /** Sends the cookie to the domain's subdomains too. @defaultValue the answering host alone */
  domain?: string | undefined;
  /** @defaultValue 'lax' */
  sameSite?: 'strict' | 'lax' | 'none' | undefined;
  /**
   * How long the client keeps the cookie: as long as the session may live (400 days if it has no end), a span (never
   * beyond the session's end), or until the browser is closed. @defaultValue 'lifetime'
   */
  maxAge?: Duration | 'lifetime' | 'session' | undefined;
  /** Lets the cookie travel over plain http: without the flag `Secure`, and without prefix. @defaultValue false */
  allowHttp?: boolean | undefined;
  /** A cookie jar for each top-level site (CHIPS). @defaultValue false */
  partitioned?: boolean | undefined;
  /**
   * Puts `__Host-` before the name if path is '/' and there is no domain, else `__Secure-`, neither with `allowHttp`. Browsers
   * hold such a cookie to its flags. @defaultValue true
   */
  prefix?: boolean | undefined;
  /** Signs the id: the first one signs, all of them verify, so secrets can be rotated. @defaultValue unsigned */
  secrets?: readonly string[] | undefined;
}

const NAMES = ['name', 'path', 'domain', 'sameSite', 'maxAge', 'allowHttp', 'partitioned', 'prefix', 'secrets'];
/** The longest that browsers keep a cookie (RFC 6265bis, 5.5). */
const LONGEST_MAX_AGE = toMilliseconds('maxAge', '400d');
/** Same-named cookies of one request that are looked at. */
const MAX_VALUES = 16;

export class CookieTransport extends SessionTransport {
  readonly carrier: string;
  /** The cookie's name on the wire, prefix included. */
  readonly cookieName: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: 'strict' | 'lax' | 'none';
  readonly secure: boolean;
  readonly partitioned: boolean;
  /** Milliseconds, or what the option says. */
  readonly maxAge: number | 'lifetime' | 'session';
  /** What is the same in each of its cookies. */
  readonly #attributes: Omit<SetCookie, 'name' | 'value' | 'maxAge' | 'expires'>;
  readonly #signer: IdSigner;

  /**
   * @param defaultName - the name if the options give none
   * @throws SessionError `INVALID_OPTION`, also for options that contradict each other
   */
  constructor(options: CookieOptions = {}, defaultName = 'sessid') {
    super();
    checkOptionNames('cookie', options, NAMES);
    const { name = defaultName, path = '/', domain, sameSite = 'lax', maxAge = 'lifetime', secrets } = options;
    const { allowHttp = false, partitioned = false, prefix = true } = options;
    for (const [flag, given] of Object.entries({ allowHttp, partitioned, prefix })) {
      if (typeof given !== 'boolean') throw invalidOption(`cookie.${flag}`, given, 'true or false');
    }
    if (!['strict', 'lax', 'none'].includes(sameSite)) {
      throw invalidOption('cookie.sameSite', sameSite, "'strict', 'lax' or 'none'");
    }
    if (sameSite === 'none' && allowHttp) {
      throw invalidOption(
        'cookie.sameSite',
        sameSite,
        "'strict' or 'lax' with allowHttp: browsers want SameSite=None cookies to be Secure",
      );
    }
    if (partitioned && allowHttp) {
      throw invalidOption(
        'cookie.partitioned',
        partitioned,
        'false with allowHttp: browsers want partitioned cookies to be Secure',
      );
    }
    this.path = checkPath(path);
    this.domain = domain === undefined ? undefined : checkDomain(domain);
    this.sameSite = sameSite;
    this.secure = !allowHttp;
    this.partitioned = partitioned;
    this.maxAge = maxAge === 'lifetime' || maxAge === 'session' ? maxAge : toMilliseconds('cookie.maxAge', maxAge);
    this.cookieName = wireName(name, { host: path === '/' && domain === undefined, secure: this.secure, prefix });
    this.#attributes = {
      ...(this.domain !== undefined && { domain: this.domain }),
      path,
      httpOnly: true,
      secure: this.secure,
      sameSite,
      partitioned,
    };
    this.carrier = `cookie ${this.cookieName}`;
    this.#signer = new IdSigner(this.cookieName, checkSecrets(secrets));
  }

  override get needsHttps(): boolean {
    return this.secure;
  }

  read(request: HttpRequest): readonly Presented[] {
    const { cookie } = request.headers;
    if (cookie === undefined || !cookie.includes(this.cookieName)) return [];
    return cookieValues(cookie, this.cookieName).map((value) => {
      const id = this.#signer.verify(value);
      if (id === undefined) return { rejected: 'forged' };
      return isWellFormedId(id) ? { id } : { rejected: 'malformed' };
    });
  }

  tell(response: HttpResponse, id: string, validity: Validity): void {
    const maxAge = this.#maxAgeOf(validity);
    // Up, so that the cookie doesn't end before the session.
    this.#write(response, this.#signer.sign(id), maxAge === undefined ? {} : { maxAge: Math.ceil(maxAge / 1000) });
  }

  clear(response: HttpResponse): void {
    this.#write(response, '', { maxAge: 0, expires: new Date(0) });
  }

  withdraw(response: HttpResponse): void {
    const others = response.getHeader('Set-Cookie').filter((line) => !line.startsWith(`${this.cookieName}=`));
    response.setHeader('Set-Cookie', others);
  }

  #maxAgeOf({ remaining, persistent }: Validity): number | undefined {
    if (!persistent || this.maxAge === 'session') return undefined;
    const wanted = this.maxAge === 'lifetime' ? LONGEST_MAX_AGE : this.maxAge;
    return Math.min(wanted, remaining ?? LONGEST_MAX_AGE);
  }

  #write(response: HttpResponse, value: string, age: { maxAge?: number; expires?: Date }): void {
    this.withdraw(response);
    const line = stringifySetCookie({
      name: this.cookieName,
      value,
      ...age,
      ...this.#attributes,
    });
    response.setHeader('Set-Cookie', [...response.getHeader('Set-Cookie'), line]);
    // RFC 9111, 5.2.2.4: a shared cache may keep the page, but not the cookie.
    addToHeader(response, 'Cache-Control', 'no-cache="Set-Cookie"');
    addToHeader(response, 'Vary', 'Cookie');
  }
}

/** All values of one cookie, in the header's order. The other cookies aren't parsed. */
function cookieValues(header: string, name: string): string[] {
  const values: string[] = [];
  for (let start = 0; start < header.length && values.length < MAX_VALUES;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const equals = header.indexOf('=', start);
    if (equals !== -1 && equals < end && header.slice(start, equals).trim() === name) {
      values.push(unquote(header.slice(equals + 1, end).trim()));
    }
    start = end + 1;
  }
  return values;
}

function unquote(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

const PREFIX = /^__(Host|Secure)-/i;

/** The name with the prefix its flags allow; never prefixed twice. */
function wireName(name: string, flags: { host: boolean; secure: boolean; prefix: boolean }): string {
  if (typeof name !== 'string' || !/^[\w!#$%&'*+\-.^`|~]+$/.test(name)) {
    throw invalidOption('cookie.name', name, "letters, digits and any of !#$%&'*+-.^_`|~ (RFC 6265, 4.1.1)");
  }
  const given = PREFIX.exec(name)?.[0];
  if (given === undefined) {
    if (!flags.prefix || !flags.secure) return name;
    return flags.host ? `__Host-${name}` : `__Secure-${name}`;
  }
  if (!flags.secure) throw invalidOption('cookie.name', name, `a name without ${given} when allowHttp is true`);
  if (given.toLowerCase() === '__host-' && !flags.host) {
    throw invalidOption(
      'cookie.name',
      name,
      `a name without ${given} when a domain, or a path other than '/', is given`,
    );
  }
  return name;
}

function checkPath(path: string): string {
  if (typeof path === 'string' && /^\/[\x20-\x3A\x3D-\x7E]*$/.test(path)) return path;
  throw invalidOption('cookie.path', path, "a path that starts with '/', of printable characters without ';' and '<'");
}

const DOMAIN_LABEL = /^[a-z\d]([a-z\d-]{0,61}[a-z\d])?$/i;

function checkDomain(domain: string): string {
  const labels = typeof domain === 'string' ? domain.replace(/^\./, '').split('.') : [];
  if (labels.length > 0 && labels.every((label) => DOMAIN_LABEL.test(label))) return domain;
  throw invalidOption('cookie.domain', domain, "a host name such as 'example.com'");
}

function checkSecrets(secrets: unknown): readonly string[] {
  if (secrets === undefined) return [];
  if (!Array.isArray(secrets)) {
    // Never the secret itself in a message.
    const message = `Session option "cookie.secrets" is a ${typeof secrets}; allowed: an array of secrets, the signing one first.`;
    throw new SessionError('INVALID_OPTION', message);
  }
  if (secrets.length === 0) throw invalidOption('cookie.secrets', secrets, 'at least one secret, or no such option');
  // Never the secret itself in a message.
  if (secrets.every((secret): secret is string => typeof secret === 'string' && secret !== '')) return [...secrets];
  throw invalidOption('cookie.secrets', secrets, 'non-empty strings in it (is an environment variable missing?)');
}
