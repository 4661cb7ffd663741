import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { SessionModule } from 'nestjs-http-session';
import { DemoController } from '../../01-demo/src/demo.controller.js';
import { FormTokens } from '../../01-demo/src/form.tokens.js';
import { securityHeaders } from '../../01-demo/src/security.headers.js';
import { Connection } from './connection.js';
import { PurgeController } from './purge.controller.js';
import { StoreModule } from './store.module.js';

/** A demo on http://localhost has no TLS; cookies without `Secure` are for that only. */
const allowHttp = process.env['NODE_ENV'] === 'development';

@Module({
  imports: [
    SessionModule.forRootAsync({
      imports: [StoreModule],
      inject: [Connection],
      useFactory: ({ store }: Connection) => ({ store, cookie: { allowHttp } }),
    }),
  ],
  controllers: [DemoController, PurgeController],
  providers: [{ provide: FormTokens, useFactory: () => new FormTokens({ secure: !allowHttp }) }],
})
export class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(securityHeaders).forRoutes('{*path}');
  }
}
