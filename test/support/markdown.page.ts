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

export interface MarkdownTable {
  readonly headings: readonly string[];
  /** The cells below, row by row. */
  readonly rows: readonly (readonly string[])[];
}

export class MarkdownPage {
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
  readonly tables: readonly MarkdownTable[];

  /** @param name - the file, from the project's root */
  constructor(name: string) {
    const text = readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
    this.name = name;
    this.text = text;
    this.tables = tablesOf(text.split('\n'));
    const block = /(?:^<!-- example: (\w+)(?: continues: (\w+))? -->\n\n)?^```(\w*).*\n([^]*?)^```$/gm;
    this.blocks = Array.from(text.matchAll(block), ([, example, continues, language = '', code = ''], index) => ({
      language,
      code,
      place: `${name}, block ${index + 1}`,
      example,
      continues,
    }));
  }

  /** What links to its headings end with, as GitHub makes it. */
  get anchors(): readonly string[] {
    return Array.from(this.text.matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    );
  }

  /** The block for a shell that calls a program. */
  shellOf(program: string): string {
    return this.blocks.find(({ language, code }) => language === 'sh' && code.includes(`${program} `))?.code ?? '';
  }

  /** The names in the first column of the table whose first heading is given. */
  rowsOf(heading: string): readonly string[] {
    return this.cellsOf(heading).flatMap(([row = '']) => Array.from(row.matchAll(/`(\w+)`/g), ([, name = '']) => name));
  }

  /** The cells of the table whose first heading is given, row by row. */
  cellsOf(heading: string): readonly (readonly string[])[] {
    return this.tables.find(({ headings }) => headings[0] === heading)?.rows ?? [];
  }
}

function tablesOf(lines: readonly string[]): MarkdownTable[] {
  return lines.flatMap((line, from) => {
    if (!line.startsWith('|') || !/^\|[-| ]+$/.test(lines[from + 1] ?? '')) return [];
    const to = lines.findIndex((after, index) => index > from && !after.startsWith('|'));
    const [headings = [], , ...rows] = lines.slice(from, to < 0 ? undefined : to).map(cellsOf);
    return [{ headings, rows }];
  });
}

function cellsOf(line: string): readonly string[] {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim());
}
