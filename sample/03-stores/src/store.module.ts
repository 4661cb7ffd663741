import { Module } from '@nestjs/common';
import { Connection } from './connection.js';
import { chosenStore } from './stores.js';

/** The store that STORE names, connected. */
@Module({
  providers: [{ provide: Connection, useFactory: () => chosenStore().connect() }],
  exports: [Connection],
})
export class StoreModule {}
