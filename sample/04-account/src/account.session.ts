import type { Session, SessionContext } from 'nestjs-http-session';

/** What is known at sign-in, and stays. */
export interface AccountConstants {
  userName: string;
  /** What each form of this session has to hold: see `FormTokenGuard`. */
  formToken: string;
}

export type AccountSession = Session<object, AccountConstants>;
export type AccountContext = SessionContext<object, AccountConstants>;
