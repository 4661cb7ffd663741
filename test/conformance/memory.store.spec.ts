import { MemoryStore } from 'nestjs-http-session';
import { testSessionStore } from 'nestjs-http-session/testing';
import { describe, it } from 'vitest';

describe('MemoryStore', () => {
  testSessionStore({ describe, it }, () => new MemoryStore(), {
    shared: false,
    atomic: true,
    acknowledged: 'backend',
    keepsCopies: true,
  });
});
