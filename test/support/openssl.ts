/** Certificates, by OpenSSL's program. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './servers/program.js';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export class OpenSsl {
  static readonly need: string = 'openssl';

  static isAvailable(): boolean {
    return findProgram('openssl') !== undefined;
  }

  /** A certificate for `localhost` that nobody vouches for, good for a day. */
  static async selfSigned(): Promise<Certificate> {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const { stdout } = await promisify(execFile)('openssl', ['req', ...kind, ...subject, '-keyout', '-', '-out', '-']);
    return { key: stdout, cert: stdout };
  }
}
