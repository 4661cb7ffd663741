/** Names, and what of the header `User-Agent` they are told by. Browsers also call themselves what they are like: order matters. */
const BROWSERS = {
  Edge: /\bEdgA?\//,
  Opera: /\bOPR\//,
  'Samsung Internet': /\bSamsungBrowser\//,
  Firefox: /\b(Firefox|FxiOS)\//,
  Chrome: /\b(Chrome|CriOS)\//,
  Safari: /\bSafari\//,
};
const SYSTEMS = {
  Android: /\bAndroid\b/,
  iPhone: /\biPhone\b/,
  iPad: /\biPad\b/,
  Windows: /\bWindows\b/,
  ChromeOS: /\bCrOS\b/,
  macOS: /\bMac OS X\b/,
  Linux: /\bLinux\b/,
};

/** What a user knows a device by: 'Firefox on Windows'. Of other programs, it is what they call themselves first: 'curl'. */
export function deviceOf(userAgent: string): string {
  const [browser, system] = [nameOf(userAgent, BROWSERS), nameOf(userAgent, SYSTEMS)];
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`;
  // Clients may send anything. Labels take no control characters, and a list no long texts.
  return browser ?? /^[!-~]{1,40}/.exec(userAgent)?.[0].split('/')[0] ?? 'Unknown device';
}

function nameOf(userAgent: string, names: Readonly<Record<string, RegExp>>): string | undefined {
  return Object.entries(names).find(([, pattern]) => pattern.test(userAgent))?.[0];
}
