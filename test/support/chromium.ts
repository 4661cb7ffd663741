/** A browser: what cookies and forms are for. */
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './servers/program.js';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];

export class Chromium {
  static readonly need: string = `a browser: ${PROGRAMS.join(', or ')} (install Chromium)`;

  static isAvailable(): boolean {
    return program() !== undefined;
  }

  /** Starts it without a window. */
  static launch(): Promise<Browser> {
    const executablePath = program();
    if (executablePath === undefined) throw new Error(`Missing ${Chromium.need}`);
    // The sandbox refuses to start for root, whom CI often is; the pages are our own.
    return chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }
}

function program(): string | undefined {
  return PROGRAMS.map(findProgram).find((file) => file !== undefined);
}
