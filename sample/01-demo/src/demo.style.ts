/** The pages' stylesheet. It stands in the page, and the Content-Security-Policy names its hash. */
import { createHash } from 'node:crypto';

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f3f4f7; --card: #fff; --text: #1c2130; --quiet: #5b6376; --line: #d5d9e2; --field: #fff;
  --accent: #b3153d; --on-accent: #fff; --alert: #8a1c1c; --alert-page: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12141b; --card: #1b1f2a; --text: #e8eaf0; --quiet: #9aa3b8; --line: #343b4c; --field: #141822;
    --accent: #f0557b; --on-accent: #1c0a10; --alert: #ffb4b4; --alert-page: #3a1c22;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.25rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 25rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 1rem; box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 12px 32px rgb(0 0 0 / 8%);
}
h1 { margin: 0 0 1.25rem; font-size: .8125rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; color: var(--quiet); }
.hello { margin: 0 0 1.75rem; font-size: 1.5rem; line-height: 1.3; font-weight: 600; text-wrap: balance; overflow-wrap: anywhere; }
.alert { margin: 0 0 1.25rem; padding: .625rem .875rem; border-radius: .5rem; background: var(--alert-page); color: var(--alert); }
label { display: block; margin-bottom: 1rem; font-weight: 500; }
input {
  display: block; width: 100%; margin-top: .25rem; padding: .625rem .75rem; font: inherit; color: inherit;
  background: var(--field); border: 1px solid var(--line); border-radius: .5rem;
}
.hint { display: block; margin-top: .25rem; font-size: .875rem; font-weight: 400; color: var(--quiet); }
.actions { display: flex; flex-wrap: wrap; align-items: center; gap: 1.25rem; }
button {
  padding: .625rem 1.25rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent);
  border: 0; border-radius: .5rem; cursor: pointer;
}
button:hover { filter: brightness(1.08); }
form > button { width: 100%; margin-top: .5rem; }
.actions button { width: auto; margin: 0; color: var(--text); background: none; border: 1px solid var(--line); }
a { color: var(--accent); font-weight: 600; text-underline-offset: .2em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
