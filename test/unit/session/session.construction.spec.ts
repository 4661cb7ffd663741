/** Nobody but the library makes sessions: what pipes construct from a class would pass for a session that isn't there. */
import { plainToInstance } from 'class-transformer';
import { createSession, Session } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';

describe('a session is refused to', () => {
  it.each([[], [undefined], [{}], [{ attrs: {} }], [createSession()]])('new Session(%o)', (...args) => {
    expect(() => Reflect.construct(Session, args) as unknown).toThrow(
      errorOf('SESSION_NOT_CONSTRUCTIBLE', 'createSession'),
    );
  });

  it('a subclass', () => {
    const Derived = class extends (Session as unknown as new () => object) {};
    expect(() => new Derived()).toThrow(errorOf('SESSION_NOT_CONSTRUCTIBLE'));
  });

  it.each([[{}], [{ id: 'x', isNew: true }]])('class-transformer, as ValidationPipe uses it, for %o', (plain) => {
    const target = Session as unknown as new () => object;
    expect(() => plainToInstance(target, plain)).toThrow(errorOf('SESSION_NOT_CONSTRUCTIBLE'));
  });
});

it('an object made from its prototype has nothing of a session', () => {
  const forged = Object.create(Session.prototype) as Session;
  expect(() => forged.id).toThrow(TypeError);
  expect(() => forged.attr('a')).toThrow(TypeError);
});
