/** What a load is, and what came of it. */
export interface LoadJob {
  readonly url: string;
  /** Of the clients, who take turns; none: requests without a cookie. */
  readonly cookies: readonly string[];
  readonly connections: number;
  readonly milliseconds: number;
}

export interface LoadReport {
  readonly requests: number;
  readonly perSecond: number;
}
