/** What a form sends. A client may send anything. */
export type Form = Partial<Record<string, unknown>>;

/** The text of a field; empty if there is none, or something else. */
export function field(form: Form | undefined, name: string): string {
  const value = form?.[name];
  return typeof value === 'string' ? value : '';
}
