/** The pages, as text. Whatever comes from a client goes through `escapeHtml`. */
import { STYLE } from './demo.style.js';
import { TOKEN_FIELD } from './form.tokens.js';

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="#b3153d"/></svg>',
)}`;

export function loginPage({ token, error }: { token: string; error?: string }): string {
  return layout(`${error === undefined ? '' : `<p class="alert" role="alert">${escapeHtml(error)}</p>`}
    <form method="post" action="/demo">
      ${tokenField(token)}
      <label>User name <input name="UserName" autocomplete="username" autocapitalize="none" maxlength="100" required autofocus></label>
      <label>Password <input name="Password" type="password" autocomplete="current-password" required>
        <span class="hint">Hint: use 'a'</span></label>
      <button name="Login" value="Login">Log in</button>
    </form>`);
}

export function helloPage(visit: { token: string; userName: string; visits: number }): string {
  return layout(`<p class="hello">Hello ${escapeHtml(visit.userName)}! Since login you visited ${visit.visits} times!</p>
    <form class="actions" method="post" action="/demo">
      ${tokenField(visit.token)}
      <a href="/demo">Refresh</a>
      <button name="Logout" value="Logout">Log out</button>
    </form>`);
}

export function errorPage(message: string): string {
  return layout(`<p class="alert" role="alert">${escapeHtml(message)}</p>
    <a href="/demo">Back to the demo</a>`);
}

function layout(content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Session demo</title>
  <link rel="icon" href="${ICON}">
  <style>${STYLE}</style>
</head>
<body>
  <main>
    <h1>Session demo</h1>
    ${content}
  </main>
</body>
</html>
`;
}

function tokenField(token: string): string {
  return `<input type="hidden" name="${TOKEN_FIELD}" value="${token}">`;
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
