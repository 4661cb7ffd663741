/** What a load is, and what the process that makes it tells. */
export interface LoadJob {
  readonly url: string;
  /** Of the clients, who take turns; none: requests without a cookie. */
  readonly cookies: readonly string[];
  readonly connections: number;
  readonly milliseconds: number;
}

/** How many requests weren't answered by 200. */
export interface LoadReport {
  readonly failed: number;
}
