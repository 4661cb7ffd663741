import type { IncomingMessage, ServerResponse } from 'node:http';
import { STYLE_SOURCE } from './style.js';

const HEADERS = {
  // No scripts, nothing from elsewhere, nobody frames us; styles only those of ours.
  'Content-Security-Policy': [
    "default-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    'img-src data:',
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  // Pages are for one client only.
  'Cache-Control': 'no-store',
};

/** Nest's middleware gets the objects of `node:http`, or what extends them, on both platforms. */
export function securityHeaders(_request: IncomingMessage, response: ServerResponse, next: () => void): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  next();
}
