/** VitePress's own theme, in the fonts of the reader's machine. */
// oxlint-disable-next-line import/no-default-export -- what VitePress looks for
export { default } from 'vitepress/theme-without-fonts';
