// README.md below a listing: Markdown from anybody, in a page that must stay safe.

import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { renderMarkdown } from "../../../src/http/server/listing/readme.ts";
import { serveFolder } from "../../harness/file-server.ts";

const html = (source: string) => renderMarkdown(source).text.replaceAll("\n", "");

test.each([
  [
    "# Title\n\ntext *with* **weight** and ~~none~~",
    "<h2>Title</h2><p>text <em>with</em> <strong>weight</strong> and <del>none</del></p>",
  ],
  ["- a\n- [x] b\n\n3. c", '<ul><li>a</li><li>☑ b</li></ul><ol start="3"><li>c</li></ol>'],
  ["> a\n\n---", "<blockquote><p>a</p></blockquote><hr>"],
  ["`a<b`", "<p><code>a&lt;b</code></p>"],
  [
    "| a |\n| - |\n| 1 |",
    "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
  ],
  ["[a](sub/b.txt)", '<p><a href="sub/b.txt">a</a></p>'],
  [
    "[a](https://example.org/?a=1&b=2)",
    '<p><a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">a</a></p>',
  ],
  ["![a picture](a.png)", '<p><img src="a.png" alt="a picture" loading="lazy"></p>'],
])("%p is shown as %s", (source, expected) => {
  expect(html(source)).toBe(expected);
});

test("lines of code keep their ends", () => {
  expect(renderMarkdown("```js\nlet a;\n  let b = '<i>';\n```").text).toBe(
    "<pre><code>let a;\n  let b = &#39;&lt;i&gt;&#39;;\n</code></pre>\n",
  );
});

test.each([
  "<script>alert(1)</script>",
  "a <img src=x onerror=alert(1)> b",
  "<!-- <script>alert(1)</script> -->",
  "<style>*{display:none}</style>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "[a](javascript:alert(1))",
  "[a](JaVaScRiPt:alert(1))",
  "[a](java\tscript:alert(1))",
  "[a](&#106;avascript:alert(1))",
  "[a](data:text/html,<script>alert(1)</script>)",
  "[a](vbscript:x)",
  '[a](x "onclick=alert(1)")',
  '[a](<x" onclick="alert(1)>)',
  "<javascript:alert(1)>",
  "![a](javascript:alert(1))",
  '![" onerror="alert(1)](a.png)',
  "![a](https://elsewhere.example/pixel.png)",
  "![a](//elsewhere.example/pixel.png)",
  '```"><script>\nx\n```',
  "[a]: javascript:alert(1)\n\n[a]",
  "# <svg onload=alert(1)>",
])("nothing in %p runs or loads", (source) => {
  const { text } = renderMarkdown(source);
  const elements = Array.from(text.matchAll(/<[^>]*>/g), ([element]) => element);
  for (const element of elements) {
    expect(element).toMatch(
      /^<\/?(?:p|h\d|ul|ol|li|pre|code|em|strong|a|hr|blockquote)(?: href="[^"]*")?(?: rel="[^"]*")?>$|^<img src="a.png" alt="[^"]*" loading="lazy">$/,
    );
    expect(element).not.toMatch(/href="\s*(?:javascript|data|vbscript)/i);
  }
});

test("README.md of a folder is below its listing, and only one that is in the folder", async () => {
  await using server = await serveFolder();
  server.folder.write("README.md", "# Family files\n");
  mkdirSync(join(server.folder.path, "sub"));
  mkdirSync(join(server.folder.path, "out"));
  server.folder.write("sub/readme.md", "below");
  symlinkSync("/etc/passwd", join(server.folder.path, "out", "README.md"));
  expect((await server.get("/")).text).toContain("<h2>Family files</h2>");
  expect((await server.get("/sub/")).text).toContain("<p>below</p>");
  expect((await server.get("/out/")).text).not.toContain('class="readme"');
  expect((await server.get("/", { Accept: "application/json" })).text).not.toContain("<h2>");
});
