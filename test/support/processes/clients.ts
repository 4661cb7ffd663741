/** What clients of workers do in every test. */
import { expect } from 'vitest';
import type { WorkerRequest, WorkerProcess } from './worker.process.js';

/** A session as a process shows it. */
export interface SessionView {
  readonly attrs: object;
  readonly expires: number;
}

/** @returns the cookie of a new session */
export async function login(worker: WorkerProcess, options: object = {}): Promise<string> {
  const { status, cookie } = await worker.send({ path: '/login', body: options });
  expect(status).toBe(200);
  return String(cookie);
}

/** @returns the cookie of the session's new id */
export async function rotate(worker: WorkerProcess, cookie: string): Promise<string> {
  const answer = await worker.send({ path: '/rotate', cookie });
  expect(answer).toMatchObject({ status: 200, cookie: expect.stringMatching(/=./) });
  return String(answer.cookie);
}

/** The session of a cookie as one process sees it. */
export async function viewOf(worker: WorkerProcess, cookie: string): Promise<SessionView | null> {
  const { status, body } = await worker.send({ path: '/look', cookie });
  expect(status).toBe(200);
  return (body as { session: SessionView | null }).session;
}

/** The attributes of a session as each process sees them, `null` where there is no such session. */
export function attrsIn(workers: readonly WorkerProcess[], cookie: string | undefined): Promise<(object | null)[]> {
  return Promise.all(workers.map(async (worker) => (await viewOf(worker, String(cookie)))?.attrs ?? null));
}

/** Requests of one client, one for each path. */
export function requestsOf(cookie: string, paths: readonly string[], body?: object): WorkerRequest[] {
  return paths.map((path) => ({ path, cookie, body }));
}
