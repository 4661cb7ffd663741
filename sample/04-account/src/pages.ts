/** The pages, as text. Whatever comes from a client is escaped by `markup`. */
import type { SessionInfo } from 'nestjs-http-session';
import type { AccountConstants } from './account.session.js';
import { TOKEN_FIELD } from './form-token.guard.js';
import { Markup, markup } from './markup.js';
import { STYLE } from './style.js';

/** The header of a page. */
export const CONTENT_TYPE = ['Content-Type', 'text/html; charset=utf-8'] as const;

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#1f5fbf"/></svg>',
)}`;

/** @param full - whether to offer to end the other sessions */
export function signInPage(problem?: string, { full = false } = {}): string {
  const elsewhere = markup`<label>
        <input name="elsewhere" type="checkbox" value="end"> Sign me out everywhere else
      </label>`;
  return layout(
    'Sign in',
    markup`${alert(problem)}
    <form method="post" action="/sign-in">
      <label>User name <input name="userName" autocomplete="username" autocapitalize="none" required autofocus></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
      ${full ? elsewhere : undefined}
      <button>Sign in</button>
    </form>
    <p class="quiet">Try <b>alice</b> with <b>tea party</b>, or <b>bob</b> with <b>small boat</b>.</p>`,
  );
}

export function sessionsPage(account: AccountConstants, sessions: readonly SessionInfo[], now: Date): string {
  return layout(
    'Your sessions',
    markup`<ul>${sessions.map((session) => sessionItem(account, session, now))}
    </ul>
    <div class="actions">
      ${buttonForm(account, '/sessions/end-others', 'End all others')}
      ${buttonForm(account, '/sessions/end-all', 'End all')}
    </div>`,
    account,
  );
}

function sessionItem(account: AccountConstants, session: SessionInfo, now: Date): Markup {
  const { handle, labels, created, accessed, isCurrent } = session;
  const handleField = markup`<input type="hidden" name="handle" value="${handle}">`;
  return markup`
      <li>
        <div>
          <b>${labels['device']}</b> ${isCurrent ? markup`<span class="mark">This one</span>` : undefined}
          <p class="quiet">Signed in ${timeOf(created, now)}, last seen ${timeOf(accessed, now)}</p>
        </div>
        ${isCurrent ? undefined : buttonForm(account, '/sessions/end', 'End', handleField)}
      </li>`;
}

export function emailPage(account: AccountConstants, email: string, problem?: string): string {
  return layout(
    'Your e-mail address',
    markup`${alert(problem)}
    <form method="post" action="/email">
      ${tokenField(account)}
      <label>E-mail <input name="email" type="email" autocomplete="email" maxlength="254" value="${email}" required></label>
      <button>Save</button>
    </form>`,
    account,
  );
}

export function confirmPage(account: AccountConstants, problem?: string): string {
  return layout(
    'Confirm it is you',
    markup`${alert(problem)}
    <form method="post" action="/confirm">
      <p>It is a while since you gave your password.</p>
      ${tokenField(account)}
      <input name="userName" autocomplete="username" value="${account.userName}" hidden>
      <label>Password <input name="password" type="password" autocomplete="current-password" required autofocus></label>
      <button>Confirm</button>
    </form>`,
    account,
  );
}

export function errorPage(problem: string): string {
  return layout('That did not work', markup`${alert(problem)}<a href="/sessions">Your sessions</a>`);
}

/** @param account - of who is signed in */
function layout(title: string, content: Markup, account?: AccountConstants): string {
  return markup`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="${ICON}">
  <style>${new Markup(STYLE)}</style>
</head>
<body>
  <main>
    ${account && menu(account)}
    <h1>${title}</h1>
    ${content}
  </main>
</body>
</html>
`.text;
}

function menu(account: AccountConstants): Markup {
  return markup`<nav>
      <a href="/sessions">Sessions</a> <a href="/email">E-mail</a>
      ${buttonForm(account, '/sign-out', 'Sign out')}
    </nav>
    <p class="quiet">Signed in as <b>${account.userName}</b></p>`;
}

/** A form that is just a button. */
function buttonForm(account: AccountConstants, action: string, text: string, fields?: Markup): Markup {
  return markup`<form method="post" action="${action}">
        ${tokenField(account)}${fields}<button class="plain">${text}</button>
      </form>`;
}

function tokenField({ formToken }: AccountConstants): Markup {
  return markup`<input type="hidden" name="${TOKEN_FIELD}" value="${formToken}">`;
}

function alert(problem: string | undefined): Markup | undefined {
  return problem === undefined ? undefined : markup`<p class="alert" role="alert">${problem}</p>`;
}

/** How long ago, in words: nobody here knows what time it is where the browser is. */
function timeOf(then: Date, now: Date): Markup {
  const passed = now.getTime() - then.getTime();
  const [unit, span] = UNITS.find(([, most]) => passed >= most) ?? [];
  const text = unit === undefined ? 'just now' : WORDS.format(-Math.floor(passed / span), unit);
  return markup`<time datetime="${then.toISOString()}">${text}</time>`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const WORDS = new Intl.RelativeTimeFormat('en');
