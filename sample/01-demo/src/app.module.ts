import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { SessionModule } from 'nestjs-http-session';
import { DemoController } from './demo.controller.js';
import { FormTokens } from './form.tokens.js';
import { securityHeaders } from './security.headers.js';

/** A demo on http://localhost has no TLS; cookies without `Secure` are for that only. */
const allowHttp = process.env['NODE_ENV'] === 'development';

@Module({
  imports: [SessionModule.forRoot({ cookie: { allowHttp } })],
  controllers: [DemoController],
  providers: [{ provide: FormTokens, useFactory: () => new FormTokens({ secure: !allowHttp }) }],
})
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes('{*path}');
  }
}
