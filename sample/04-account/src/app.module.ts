import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SessionModule } from 'nestjs-http-session';
import { AccountController } from './account.controller.js';
import { AccountFilter } from './account.filter.js';
import { securityHeaders } from './security.headers.js';
import { SignInController } from './sign-in.controller.js';
import { UsersService } from './users.service.js';

/** A sample on http://localhost has no TLS; cookies without `Secure` are for that only. */
const allowHttp = process.env['NODE_ENV'] === 'development';

@Module({
  imports: [
    SessionModule.forRoot({
      cookie: { allowHttp },
      timeout: '30m',
      renewInterval: '15m',
      maxPerPrincipal: 5,
      onMaxPerPrincipal: 'refuse',
    }),
  ],
  controllers: [SignInController, AccountController],
  providers: [UsersService, { provide: APP_FILTER, useClass: AccountFilter }],
})
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes('{*path}');
  }
}
