import type { Session, SessionContext } from 'nestjs-http-session';

/** What changes from visit to visit. */
export interface DemoAttributes {
  Count: number;
}

/** What is known at login, and stays. */
export interface DemoConstants {
  UserName: string;
}

export type DemoSession = Session<DemoAttributes, DemoConstants>;
export type DemoContext = SessionContext<DemoAttributes, DemoConstants>;
