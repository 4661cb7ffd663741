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
  readonly #lines: readonly string[];

  /** @param name - the file, from the project's root */
  constructor(name: string) {
    const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
    this.#lines = text.split('\n');
    const block = /(?:^<!-- example: (\w+)(?: continues: (\w+))? -->\n\n)?^```(\w*).*\n([^]*?)^```$/gm;
    this.blocks = Array.from(text.matchAll(block), ([, example, continues, language = '', code = ''], index) => ({
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
    const [, , ...rows] = this.#linesOf(heading);
    return rows.flatMap(([row = '']) => Array.from(row.matchAll(/`(\w+)`/g), ([, name = '']) => name));
  }

  /** The cells of the table whose first heading is given, row by row. */
  cellsOf(heading: string): readonly (readonly string[])[] {
    const [, , ...rows] = this.#linesOf(heading);
    return rows;
  }

  /** The headings of a table, what divides them from the rest, and the rest. */
  #linesOf(heading: string): readonly (readonly string[])[] {
    const isDivided = (index: number) => /^\|[-| ]+$/.test(this.#lines[index + 1] ?? '');
    const from = this.#lines.findIndex((line, index) => cellsOf(line)[0] === heading && isDivided(index));
    if (from < 0) return [];
    const to = this.#lines.findIndex((line, index) => index > from && !line.startsWith('|'));
    return this.#lines.slice(from, to < 0 ? undefined : to).map(cellsOf);
  }
}

function cellsOf(line: string): readonly string[] {
  const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : [];
  return cells.map((cell) => cell.trim());
}
