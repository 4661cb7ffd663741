/** Sessions under plain `node:http`: the same manager, without Nest. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSession, HttpSessionManager, SessionError } from 'nestjs-http-session/core';

interface Visits {
  count: number;
}

// Over https, leave `allowHttp` out.
const sessions = new HttpSessionManager({ cookie: { allowHttp: process.env['NODE_ENV'] === 'development' } });

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = await sessions.get<Visits>(request);
  switch (`${request.method} ${request.url}`) {
    case 'GET /': {
      if (!session) return send(response, 200, page('Nobody is logged in.', 'login'));
      session.setAttr('count', (session.attr('count') ?? 0) + 1);
      // Nobody else does it here: what was changed is saved before the response is sent.
      await session.save();
      return send(response, 200, page(`Visits since login: ${session.attr('count')}`, 'logout'));
    }
    case 'POST /login':
      await sessions.add(createSession<Visits>({ attrs: { count: 0 } }), response);
      return redirectHome(response);
    case 'POST /logout':
      if (session) await sessions.remove(session, response);
      return redirectHome(response);
    default:
      return send(response, 404, page('There is no such page.', 'login'));
  }
}

function page(text: string, action: 'login' | 'logout'): string {
  return `<!doctype html><title>Visits</title><p>${text}</p>
<form method="post" action="/${action}"><button>${action}</button></form>\n`;
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
}

function redirectHome(response: ServerResponse): void {
  response.writeHead(303, { Location: '/' }).end();
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    if (response.headersSent) return response.destroy();
    return send(response, error instanceof SessionError ? error.status : 500, 'Something went wrong.');
  });
});

server.listen(Number(process.env['PORT'] ?? 3000), () => {
  console.log(`Visits on node:http: http://localhost:${(server.address() as AddressInfo).port}/`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => server.close(() => void sessions.close()));
}
