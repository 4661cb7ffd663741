/** The pages' stylesheet. It stands in the page, and the Content-Security-Policy names its hash. */
import { createHash } from 'node:crypto';

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f3f4f7; --card: #fff; --text: #1c2130; --quiet: #5b6376; --line: #d5d9e2; --field: #fff;
  --accent: #1f5fbf; --on-accent: #fff; --mark: #e3edfc; --alert: #8a1c1c; --alert-page: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12141b; --card: #1b1f2a; --text: #e8eaf0; --quiet: #9aa3b8; --line: #343b4c; --field: #141822;
    --accent: #7fb0ff; --on-accent: #0a1530; --mark: #22314d; --alert: #ffb4b4; --alert-page: #3a1c22;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; align-items: start; justify-items: center;
  padding: clamp(1rem, 6vh, 4rem) 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 36rem; padding: clamp(1.25rem, 5vw, 2rem); background: var(--card); border: 1px solid var(--line);
  border-radius: 1rem; box-shadow: 0 1px 2px rgb(0 0 0 / 6%), 0 12px 32px rgb(0 0 0 / 8%); overflow-wrap: anywhere;
}
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
.quiet { margin: 0; font-size: .875rem; color: var(--quiet); }
.alert { padding: .625rem .875rem; border-radius: .5rem; background: var(--alert-page); color: var(--alert); }
nav { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; margin-bottom: 1.75rem; }
nav form { margin-left: auto; }
ul { margin: 0 0 1.5rem; padding: 0; list-style: none; border-top: 1px solid var(--line); }
li {
  display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: .875rem 0;
  border-bottom: 1px solid var(--line);
}
.mark {
  display: inline-block; margin-left: .25rem; padding: 0 .5rem; border-radius: 1rem; font-size: .8125rem; font-weight: 600;
  background: var(--mark); color: var(--accent);
}
.actions { display: flex; flex-wrap: wrap; gap: .75rem; }
label { display: block; margin-bottom: 1rem; font-weight: 500; }
input {
  display: block; width: 100%; margin-top: .25rem; padding: .625rem .75rem; font: inherit; color: inherit;
  background: var(--field); border: 1px solid var(--line); border-radius: .5rem;
}
input[type="checkbox"] { display: inline; width: auto; margin: 0 .25rem 0 0; }
button {
  width: 100%; padding: .625rem 1.25rem; font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent);
  border: 1px solid transparent; border-radius: .5rem; white-space: nowrap; cursor: pointer;
}
button:hover { filter: brightness(1.08); }
button.plain { width: auto; padding: .375rem .875rem; color: var(--text); background: none; border-color: var(--line); }
button.plain:hover { border-color: var(--accent); }
form + .quiet { margin-top: 1rem; }
a { color: var(--accent); font-weight: 600; text-underline-offset: .2em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;
