/** HTML that was written here, not sent by somebody. */
export class Markup {
  constructor(readonly text: string) {}
}

/** HTML as a template: what is put into it is escaped, unless it is markup itself. `undefined` leaves nothing. */
export function markup(
  parts: TemplateStringsArray,
  ...contents: readonly (string | undefined | Markup | readonly Markup[])[]
): Markup {
  const texts = contents.map((content) => {
    if (content instanceof Markup) return content.text;
    if (typeof content === 'string') return escapeHtml(content);
    return content?.map(({ text }) => text).join('') ?? '';
  });
  return new Markup(String.raw({ raw: parts }, ...texts));
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
