/** Pages link to files beside `docs` too. Where a repository is read, these links lead there; on the site, they are text. */
import type { MarkdownRenderer } from 'vitepress';

export function outsideAsText(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('outside-as-text', ({ tokens }) => {
    for (const { children } of tokens) {
      if (!children) continue;
      let isOutside = false;
      const kept = children.filter((token) => {
        if (token.type === 'link_open') isOutside = (token.attrGet('href') ?? '').startsWith('../');
        return !(isOutside && /^link_(open|close)$/.test(token.type));
      });
      children.splice(0, children.length, ...kept);
    }
  });
}
