/** VitePress's own theme, in the fonts of the reader's machine, and wider. */
import './width.css';
export { default } from 'vitepress/theme-without-fonts';
