import { Injectable } from '@nestjs/common';
import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

interface User {
  readonly name: string;
  email: string;
  /** `salt.hash` */
  readonly password: string;
}

/** Two users, whose passwords the sign-in page tells. What they change is forgotten with this process. */
function madeUpUsers(): User[] {
  return [
    {
      name: 'alice',
      email: 'alice@example.com',
      password: 'RMjEPJuzFGiF_L_yrEkQ2A.rDwTDBRLcXW6zqHmTCSaNZiSgyFgSHB43MvD0HfYuw4',
    },
    {
      name: 'bob',
      email: 'bob@example.com',
      password: 'okDKNHaFn2wkmLVMvHjWiQ.eq13SGU8k1dR1f-XnOqGlPt9J5tmpKRuYGM7lJTz7Cw',
    },
  ];
}

/** Of a random password. */
const NOBODYS_PASSWORD = 'Ed65xx4UlbiG-falbtmwdA.dyMMpmNy_nofrgAo9wT9ddLEhyLC5Ykz8osXL4lTofE';

@Injectable()
export class UsersService {
  readonly #users = new Map(madeUpUsers().map((user) => [user.name, user]));

  /** The user of that name, if it is their password. A name that nobody has takes as long as a wrong password. */
  async authenticate(name: string, password: string): Promise<{ name: string } | undefined> {
    const user = this.#users.get(name);
    const isRight = await isPassword(password, user?.password ?? NOBODYS_PASSWORD);
    return isRight ? user : undefined;
  }

  emailOf(name: string): string {
    return this.#users.get(name)?.email ?? '';
  }

  changeEmail(name: string, email: string): void {
    const user = this.#users.get(name);
    if (user) user.email = email;
  }
}

/** What the OWASP Password Storage Cheat Sheet asks of scrypt, with the least memory. */
const COST = { N: 2 ** 14, r: 8, p: 5 };
const KEY_BYTES = 32;
const derive = promisify<string, string, number, typeof COST, Buffer>(scrypt);

async function isPassword(given: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split('.');
  return timingSafeEqual(await derive(given, salt, KEY_BYTES, COST), Buffer.from(hash, 'base64url'));
}
