/** The code blocks and tables of a page. */
import { readFileSync } from 'node:fs';

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** Where it begins, for messages. */
  readonly place: string;
  /** `<!-- example: NAME -->` above the block. */
  readonly example: string | undefined;
  /** `<!-- example: NAME continues: OTHER -->`: what that example declares, this one uses. */
  readonly continues: string | undefined;
}

export class MarkdownPage {
  readonly blocks: readonly CodeBlock[];
  readonly #text: string;

  /** @param name - the file, from the project's root */
  constructor(name: string) {
    this.#text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
    const block = /(?:^<!-- example: (\w+)(?: continues: (\w+))? -->\n\n)?^```(\w*).*\n([^]*?)^```$/gm;
    this.blocks = Array.from(this.#text.matchAll(block), ([, example, continues, language = '', code = ''], index) => ({
      language,
      code,
      place: `${name}, block ${index + 1}`,
      example,
      continues,
    }));
  }

  /** The block for a shell that calls a program. */
  shellOf(program: string): string {
    return this.blocks.find(({ language, code }) => language === 'sh' && code.includes(`${program} `))?.code ?? '';
  }

  /** The names in the first column of the table whose first heading is given. */
  rowsOf(heading: string): readonly string[] {
    const [, table = ''] = this.#text.split(new RegExp(`^\\| ${heading} +\\|.*\\n\\|[-| ]+\\n`, 'm'));
    const rows = table.slice(0, table.search(/^(?!\|)/m)).split('\n');
    return rows.flatMap((row) => Array.from((row.split('|')[1] ?? '').matchAll(/`(\w+)`/g), ([, name = '']) => name));
  }
}
