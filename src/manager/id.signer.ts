/** Signed ids: who doesn't know the secret can't make one that reaches the store. */
import { createHmac, timingSafeEqual } from 'node:crypto';

export class IdSigner {
  readonly #purpose: string;
  readonly #secrets: readonly string[];

  /**
   * @param purpose - what the signature is for: one made for something else doesn't verify
   * @param secrets - the first one signs, all of them verify; none: ids are left as they are
   */
  constructor(purpose: string, secrets: readonly string[]) {
    this.#purpose = purpose;
    this.#secrets = secrets;
  }

  sign(id: string): string {
    const [secret] = this.#secrets;
    return secret === undefined ? id : `${id}.${this.#signature(secret, id)}`;
  }

  /** The id of a signed one, `undefined` if the signature isn't right. Takes the same time for any wrong signature. */
  verify(signed: string): string | undefined {
    if (this.#secrets.length === 0) return signed;
    const end = signed.lastIndexOf('.');
    const id = signed.slice(0, Math.max(end, 0));
    const given = Buffer.from(signed.slice(end + 1));
    let valid = false;
    for (const secret of this.#secrets) {
      const right = Buffer.from(this.#signature(secret, id));
      if (right.length === given.length && timingSafeEqual(right, given)) valid = true;
    }
    return valid ? id : undefined;
  }

  #signature(secret: string, id: string): string {
    return createHmac('sha256', secret).update(`${this.#purpose}=${id}`).digest('base64url');
  }
}
