/** The one error class: a stable code, and the shape that Nest, Express and Fastify answer with by themselves. */
import { SessionError, type SessionErrorCode } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';

const STATUS: Record<SessionErrorCode, number> = {
  INVALID_OPTION: 500,
  ATTRIBUTE_REFUSED: 500,
  ATTRIBUTES_TOO_LARGE: 500,
  SESSION_GONE: 401,
  SESSION_MISSING: 401,
  SESSION_NOT_ADDED: 500,
  SESSION_ALREADY_ADDED: 500,
  SESSION_NOT_CONSTRUCTIBLE: 500,
  UNKNOWN_SESSION: 500,
  HEADERS_SENT: 500,
  UNKNOWN_EXCHANGE: 500,
  STORE_FAILED: 503,
  STORE_TIMEOUT: 503,
  STORE_FULL: 503,
  TOO_MANY_SESSIONS: 409,
  PRINCIPAL_MISSING: 500,
  MANAGER_CLOSED: 503,
  MODULE_MISSING: 500,
  CONTEXT_UNSUPPORTED: 500,
  INTERCEPTOR_LOST: 500,
};

describe('a SessionError', () => {
  it.each(Object.entries(STATUS) as [SessionErrorCode, number][])('of the code %s answers %i', (code, status) => {
    const error = new SessionError(code, 'what and why');
    expect(error).toMatchObject({ name: 'SessionError', code, status, statusCode: status, expose: false });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe('what and why');
  });
});
