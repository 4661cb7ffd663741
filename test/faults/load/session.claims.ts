/** What a client was told of one session, and so what has to be there, may be there, or must not. */

type Numbers = Readonly<Record<string, number>>;

export class SessionClaims {
  readonly #acknowledged = new Set<number>();
  readonly #unknown = new Set<number>();

  /** That a number was set was answered with success, or with a failure, after which it may have happened. */
  told(number: number, isAcknowledged: boolean): void {
    (isAcknowledged ? this.#acknowledged : this.#unknown).add(number);
  }

  /** What of these attributes can't be; nothing if they are as they were promised. */
  contradictions(attrs: Numbers): string[] {
    const lost = [...this.#acknowledged].filter((number) => attrs[`a${number}`] !== number);
    const present = Object.keys(attrs).filter((name) => /^[ab]\d+$/.test(name));
    const halves = present.filter((name) => attrs[(name.startsWith('a') ? 'b' : 'a') + name.slice(1)] !== attrs[name]);
    const invented = present.filter((name) => {
      const number = Number(name.slice(1));
      return attrs[name] !== number || !(this.#acknowledged.has(number) || this.#unknown.has(number));
    });
    return [
      ...lost.map((number) => `${number} was set and is lost`),
      ...halves.map((name) => `${name} was set by halves`),
      ...invented.map((name) => `${name} was never set`),
    ];
  }
}
