// README.md as it is shown below a listing. An edge: the runtime reads Markdown (GitHub's), and calls for each element; every
// element is written here, and all text is escaped, HTML in it too. So a file can neither run a script nor load anything from
// elsewhere.

import type { Folder } from "../folder.ts";
import { escape, escapeLines, type Markup } from "./markup.ts";

const NAMES = ["README.md", "readme.md", "Readme.md"];
/** Bytes; a longer one is not shown: nobody reads it there. */
const MAX_BYTES = 262_144;

/** Null if there is none. */
export function readReadme(folder: Folder, path: readonly string[]): Markup | null {
  for (const name of NAMES) {
    using found = folder.find([...path, name]);
    if (found.kind !== "file" || found.size > MAX_BYTES) continue;
    return renderMarkdown(new TextDecoder().decode(found.read(0, found.size)));
  }
  return null;
}

export function renderMarkdown(source: string): Markup {
  const text = Bun.markdown.render(
    source,
    {
      text: escapeLines,
      // HTML is text like any other.
      html: escapeLines,
      heading: (children, { level }) => element(`h${Math.min(level + 1, 6)}`, children),
      paragraph: (children) => element("p", children),
      blockquote: (children) => element("blockquote", children),
      code: (children) => `<pre><code>${children}</code></pre>\n`,
      codespan: (children) => inline("code", children),
      list: (children, { ordered, start }) =>
        ordered ? `<ol start="${start ?? 1}">${children}</ol>\n` : element("ul", children),
      listItem(children, { checked }) {
        const box = checked === undefined ? "" : checked ? "☑ " : "☐ ";
        return element("li", box + children);
      },
      hr: () => "<hr>\n",
      table: (children) => element("table", children),
      thead: (children) => element("thead", children),
      tbody: (children) => element("tbody", children),
      tr: (children) => element("tr", children),
      th: (children) => element("th", children),
      td: (children) => element("td", children),
      strong: (children) => inline("strong", children),
      emphasis: (children) => inline("em", children),
      strikethrough: (children) => inline("del", children),
      link(children, { href }) {
        const place = placeOf(href);
        if (place === "refused") return children;
        const rel = place === "elsewhere" ? ' rel="noopener noreferrer"' : "";
        return `<a href="${escape(href)}"${rel}>${children}</a>`;
      },
      image(children, { src }) {
        // The policy of the page lets none be loaded from elsewhere, which would tell who reads this.
        if (placeOf(src) !== "here") return children;
        return `<img src="${escape(src)}" alt="${children}" loading="lazy">`;
      },
    },
    { noHtmlBlocks: true, noHtmlSpans: true, autolinks: true },
  );
  return { text };
}

function element(name: string, children: string): string {
  return `${inline(name, children)}\n`;
}

function inline(name: string, children: string): string {
  return `<${name}>${children}</${name}>`;
}

/** Where a link leads; what a browser would run is refused. */
function placeOf(href: string): "here" | "elsewhere" | "refused" {
  // Browsers leave out these characters before they read the scheme (URL standard s. 4.4).
  // eslint-disable-next-line no-control-regex -- these are what is left out
  const bare = href.replaceAll(/[\u0000-\u0020\u007f]/g, "").toLowerCase();
  if (/^(?:https?:|mailto:|\/\/|\\)/.test(bare)) return "elsewhere";
  return /^[a-z][a-z\d+.-]*:/.test(bare) ? "refused" : "here";
}
