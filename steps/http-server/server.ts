// A small HTTP server: shares the current folder with this machine's browsers. Ctrl-C closes it.
//
//   bun steps/http-server/server.ts [PORT]

const port = Number(process.argv[2] ?? 8000);

const server = Bun.serve({
  hostname: "localhost",
  port,
  routes: {
    "/": listing,
    "/*": { dir: "." }, // never leaves the folder, whatever the request says
  },
});

console.log(`Open http://localhost:${server.port}`);
process.on("SIGINT", () => process.exit());

async function listing() {
  const files = await Array.fromAsync(new Bun.Glob("*").scan());
  const items = files.toSorted().map((name) => {
    const path = encodeURI(name).replace(/[?#]/g, encodeURIComponent);
    return `<li><a href="/${Bun.escapeHTML(path)}">${Bun.escapeHTML(name)}</a></li>`;
  });
  const page = `<!doctype html><title>Files</title><ul>${items.join("\n")}</ul>`;
  return new Response(page, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}
