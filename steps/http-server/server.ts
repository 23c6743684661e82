// A small HTTP server: shares the current folder with this machine's browsers. Ctrl-C closes it.
//
//   bun steps/http-server/server.ts [PORT]

import { readdir, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";

const root = await realpath(".");

const server = Bun.serve({
  hostname: "localhost",
  port: Number(process.argv[2] ?? 8000),
  fetch: ({ url }) => answer(url).catch(() => new Response("Not found\n", { status: 404 })),
});

console.log(`Open http://localhost:${server.port}`);
process.on("SIGINT", () => process.exit());

async function answer(url: string) {
  // An HTTP/1.0 request may come without a Host: its URL is then a bare path.
  const { pathname } = URL.parse(url) ?? new URL(`http://localhost${url}`);
  const path = await realpath(join(root, decodeURIComponent(pathname)));
  // Neither ".." nor a symbolic link leads out of the folder.
  if (!join(path, sep).startsWith(join(root, sep))) throw new Error("outside");
  const file = Bun.file(path);
  return (await file.stat()).isFile() ? new Response(file) : listing(path);
}

async function listing(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map((entry) => entry.name + (entry.isDirectory() ? "/" : ""));
  const shown = names.filter((name) => !name.startsWith(".")).toSorted();
  const items = shown.map((name) => {
    const path = join("/", relative(root, folder), name).split(sep).map(encodeURIComponent);
    return `<li><a href="${path.join("/")}">${Bun.escapeHTML(name)}</a></li>`;
  });
  const page = `<!doctype html><title>Files</title><ul>${items.join("\n")}</ul>`;
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}
