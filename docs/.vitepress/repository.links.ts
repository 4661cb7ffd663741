/** Links as they are in the repository, where pages are read too, made links of the site. */
import type { MarkdownRenderer } from 'vitepress';

export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens }) => {
    for (const { children } of tokens) {
      if (!children) continue;
      let isOutside = false;
      const kept = children.filter((token) => {
        if (token.type === 'link_open') {
          const target = token.attrGet('href') ?? '';
          // What is beside docs/ isn't on the site: there, its link is text.
          isOutside = target.startsWith('../');
          // From what a page includes of the README.
          token.attrSet('href', target.replace(/^docs\//, './'));
        }
        return !(isOutside && /^link_(open|close)$/.test(token.type));
      });
      children.splice(0, children.length, ...kept);
    }
  });
}
