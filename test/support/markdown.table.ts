/** Tables of pages that are made of data. */

/** Cells by row, the headings first. */
export type Table = readonly (readonly string[])[];

/** A page with this table in the place of the one with the same first heading. */
export function withTable(markdown: string, [headings = [], ...rows]: Table): string {
  const lines = markdown.split('\n');
  const from = lines.findIndex((line) => line.split('|')[1]?.trim() === headings[0]);
  if (from < 0) throw new Error(`The page has no table "${headings[0]}".`);
  const to = lines.findIndex((line, index) => index > from && !line.startsWith('|'));
  const dashes = headings.map(() => '---');
  return lines
    .toSpliced(from, to - from, ...[headings, dashes, ...rows].map((row) => `| ${row.join(' | ')} |`))
    .join('\n');
}
