/** A browser: what cookies and forms are for. */
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './servers/program.js';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

export class Chromium {
  static readonly need: string = `a browser: ${PROGRAMS.join(', or ')} (install Chromium)`;

  static isAvailable(): boolean {
    return program() !== undefined;
  }

  /**
   * Starts it without a window.
   * @param resolve - hosts that are this machine for it
   */
  static launch({ resolve = [] }: { resolve?: readonly string[] } = {}): Promise<Browser> {
    const executablePath = program();
    if (executablePath === undefined) throw new Error(`Missing ${Chromium.need}`);
    return chromium.launch({
      executablePath,
      // It shall go back to a page as people's browsers do.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      args: [
        // The sandbox refuses to start for root, whom CI often is; the pages are our own.
        '--no-sandbox',
        `--host-resolver-rules=${resolve.map((host) => `MAP ${host} 127.0.0.1`).join(', ')}`,
      ],
    });
  }
}

function program(): string | undefined {
  return PROGRAMS.map(findProgram).find((file) => file !== undefined);
}
