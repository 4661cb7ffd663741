/** OpenAPI documents: the session is described by its name on the wire, and decorators of ours are no parameters. */
import { Controller, Get, Query } from '@nestjs/common';
import { ApiCookieAuth, ApiSecurity, DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { CookieTransport, HeaderTransport, Sess, SessAttr, SessCtx, SessConstAttr } from 'nestjs-http-session';
import type { SessionTransport } from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from './harness.js';

@Controller()
class DescribedController {
  @Get('all')
  @ApiCookieAuth('session')
  @ApiSecurity('token')
  all(
    @Sess() _session: unknown,
    @SessAttr('a') _attribute: unknown,
    @SessConstAttr('b') _constant: unknown,
    @SessCtx() _sessions: unknown,
    @Query('page') page: string,
  ): string {
    return page;
  }
}

describe.each(PLATFORMS)('The OpenAPI document on %s', (platform) => {
  async function documentOf(
    transport: SessionTransport,
    describeIt: (builder: DocumentBuilder) => DocumentBuilder,
  ): Promise<OpenAPIObject> {
    const app = await startApp(platform, {
      session: { transport },
      controllers: [DescribedController],
      prepare: (nest) => {
        const config = describeIt(new DocumentBuilder()).build();
        SwaggerModule.setup('docs', nest, () => SwaggerModule.createDocument(nest, config));
      },
    });
    return (await app.client().get('/docs-json')).json() as OpenAPIObject;
  }

  it.each([
    [new CookieTransport(), '__Host-sessid'],
    [new CookieTransport({ path: '/shop' }), '__Secure-sessid'],
    [new CookieTransport({ allowHttp: true }), 'sessid'],
    [new CookieTransport({}, 'sessid-admin'), '__Host-sessid-admin'],
  ])('has the cookie’s name as it is on the wire: %#', async (transport, name) => {
    const document = await documentOf(transport, (builder) =>
      builder.addCookieAuth(transport.cookieName, { type: 'apiKey', in: 'cookie' }, 'session'),
    );
    expect(document.components?.securitySchemes).toEqual({ session: { type: 'apiKey', in: 'cookie', name } });
  });

  it('has the header', async () => {
    const transport = new HeaderTransport();
    const document = await documentOf(transport, (builder) =>
      builder.addApiKey({ type: 'apiKey', in: 'header', name: transport.header }, 'token'),
    );
    expect(document.components?.securitySchemes).toEqual({
      token: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
    });
  });

  it('has the parameters of a route without those that are injected', async () => {
    const document = await documentOf(new CookieTransport(), (builder) => builder);
    const parameters = document.paths['/all']?.get?.parameters ?? [];
    expect(parameters.map((parameter) => ('name' in parameter ? parameter.name : undefined))).toEqual(['page']);
  });
});
