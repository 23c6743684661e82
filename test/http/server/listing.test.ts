// The listing of a folder as a page and as JSON, with names of every kind.

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";

import { sortKey } from "../../../src/http/server/listing/entries.ts";
import { type FileServer, serveFolder } from "../../harness/file-server.ts";

const NASTY = [
  "<script>alert(1)<script>",
  `"><img src=x onerror=alert(1)>`,
  "'onmouseover='alert(1)",
  "javascript:alert(1)",
  "&amp;",
  "a b#c?d%e",
  "\u202egnp.exe",
  "line\nbreak",
  "-rf",
  "日本 😀",
];

async function serveSorted(): Promise<FileServer> {
  const server = await serveFolder();
  const files: [string, number, string][] = [
    ["file10", 1, "2024-01-03T00:00:00Z"],
    ["file9", 3_000_000, "2024-01-01T00:00:00Z"],
    ["Apple", 20, "2024-01-02T00:00:00Z"],
  ];
  for (const [name, size, time] of files) {
    server.folder.write(name, Buffer.alloc(size));
    utimesSync(join(server.folder.path, name), new Date(time), new Date(time));
  }
  mkdirSync(join(server.folder.path, "folder"));
  return server;
}

/** The page without its own style and script. */
function withoutAssets(page: string): string {
  return page.replace(/<style>.*?<\/style>/s, "").replace(/<script>.*?<\/script>\n<\/body>/s, "");
}

function namesOn(page: string): string[] {
  return Array.from(page.matchAll(/<td class="name"><a href="\.\/([^"]*)"/g), ([, name = ""]) =>
    name.replaceAll("&#39;", "'"),
  );
}

test.each([
  ["", ["folder/", "Apple", "file9", "file10"]],
  ["?sort=name&order=desc", ["folder/", "file10", "file9", "Apple"]],
  ["?sort=size&order=asc", ["folder/", "file10", "Apple", "file9"]],
  ["?sort=size&order=desc", ["folder/", "file9", "Apple", "file10"]],
  ["?sort=time&order=asc", ["folder/", "file9", "Apple", "file10"]],
  ["?sort=time&order=desc", ["folder/", "file10", "Apple", "file9"]],
  ["?sort=nonsense&order=x", ["folder/", "Apple", "file9", "file10"]],
])("the page with the query %p is sorted accordingly", async (query, names) => {
  await using server = await serveSorted();
  const page = await server.get(`/${query}`);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(namesOn(page.text)).toEqual(names);
  expect(page.text).toContain("1 folder, 3 files, 2.9 MiB");
  const json = await server.get(`/${query}`, { Accept: "application/json" });
  const { entries }: { entries: { name: string }[] } = JSON.parse(json.text);
  expect(entries.map(({ name }) => name)).toEqual(names.map((name) => name.replace("/", "")));
});

test("the JSON listing has kind, size and time of each entry", async () => {
  await using server = await serveSorted();
  const { headers, text } = await server.get("/?sort=size", { Accept: "application/json" });
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("vary")).toContain("Accept");
  expect(JSON.parse(text)).toEqual({
    path: "/",
    entries: [
      { name: "folder", kind: "folder", size: null, modified: expect.stringMatching(/Z$/) },
      { name: "file10", kind: "file", size: 1, modified: "2024-01-03T00:00:00.000Z" },
      { name: "Apple", kind: "file", size: 20, modified: "2024-01-02T00:00:00.000Z" },
      { name: "file9", kind: "file", size: 3_000_000, modified: "2024-01-01T00:00:00.000Z" },
    ],
    total: 4,
    page: 1,
    pages: 1,
    leftOut: 0,
    next: null,
  });
});

test.each([
  ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"],
  ["*/*", "text/html; charset=utf-8"],
  ["application/json", "application/json"],
  ["application/json, text/plain, */*", "application/json"],
  ["text/html, application/json;q=0.5", "text/html; charset=utf-8"],
])("a client that accepts %p gets %p", async (accepted, type) => {
  await using server = await serveSorted();
  expect((await server.get("/", { Accept: accepted })).headers.get("content-type")).toBe(type);
});

test("names are escaped in the page, and each link leads to its file", async () => {
  await using server = await serveFolder();
  for (const name of NASTY) server.folder.write(name, name);
  const { text: page, headers } = await server.get("/");
  const body = withoutAssets(page);
  expect(body).not.toMatch(/<script|<img|onerror=alert\(1\)>|href="javascript/);
  expect(body).not.toContain("\u202e");
  expect(namesOn(page)).toHaveLength(NASTY.length);
  const found: string[] = [];
  for (const name of namesOn(page)) found.push((await server.get(`/${name}`)).text);
  expect(found.toSorted()).toEqual(NASTY.toSorted());
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toMatch(/script-src 'sha256-[\w+/=]+';/);
  expect(policy).not.toMatch(/unsafe|\*|https?:/);
});

test("the name of the folder and the query are escaped, too", async () => {
  await using server = await serveFolder();
  const name = "<script>alert(1)<script>";
  mkdirSync(join(server.folder.path, name));
  const { text } = await server.get(`/${encodeURIComponent(name)}/?sort="><script>&order=<b>`);
  expect(withoutAssets(text)).not.toMatch(/<script|<b>/);
  expect(text).toContain('<a rel="up" href="../">');
});

test("the page loads nothing, and its style and script are those that its policy names", async () => {
  await using server = await serveSorted();
  const { text, headers } = await server.get("/");
  const [favicon = ""] = /<link [^>]*>/.exec(text) ?? [];
  expect(favicon).toContain('href="data:image/svg+xml,');
  expect(withoutAssets(text).replace(favicon, "")).not.toMatch(
    /<script|<style|<link|<img|https?:|src=|url\(|style=/,
  );
  const policy = headers.get("content-security-policy") ?? "";
  for (const [element, directive] of [
    ["style", "style-src"],
    ["script", "script-src"],
  ] as const) {
    const [, content = ""] = new RegExp(`<${element}>(.*?)</${element}>`, "s").exec(text) ?? [];
    const digest = createHash("sha256").update(content).digest("base64");
    expect(policy).toContain(`${directive} 'sha256-${digest}'`);
  }
});

test("the page is compressed if the client accepts it", async () => {
  await using server = await serveFolder();
  for (let at = 0; at < 200; at++) server.folder.write(`file${at}`, "x");
  const plain = await server.get("/");
  const { headers, body } = await server.get("/", { "Accept-Encoding": "gzip" });
  expect(headers.get("content-encoding")).toBe("gzip");
  expect(headers.get("vary")).toBe("Accept, Accept-Encoding");
  expect(headers.get("content-length")).toBe(String(body.length));
  expect(Bun.gunzipSync(Uint8Array.from(body)).length).toBe(plain.body.length);
  const head = await server.get("/", {}, "HEAD");
  expect(head.headers.get("content-length")).toBe(String(plain.body.length));
  expect(head.body).toHaveLength(0);
});

test("the page of an empty folder says that it is empty", async () => {
  await using server = await serveFolder();
  expect((await server.get("/")).text).toContain("This folder is empty");
});

test("a large folder has pages of 1,000 names, sorted before they are divided, and each says what it shows", async () => {
  await using server = await serveFolder();
  for (let at = 1; at <= 1_150; at++) server.folder.write(`photo ${at}.jpg`, "");
  server.folder.write("Caf\u00e9 menu", "");
  mkdirSync(join(server.folder.path, "zoo"));
  utimesSync(server.folder.path, 1_000, 1_000);

  const first = (await server.get("/")).text;
  expect(first).toContain("1 to 1,000 of 1,152 names");
  expect(first.indexOf("1 to 1,000 of")).toBeLessThan(first.indexOf("<table>"));
  expect(namesOn(first)).toHaveLength(1_000);
  expect(namesOn(first).slice(0, 4)).toEqual([
    "zoo/",
    "Caf%C3%A9%20menu",
    "photo%201.jpg",
    "photo%202.jpg",
  ]);
  const last = (await server.get("/?page=2")).text;
  expect(last).toContain("1,001 to 1,152 of 1,152 names");
  expect([namesOn(last)[0], namesOn(last).at(-1)]).toEqual(["photo%20999.jpg", "photo%201150.jpg"]);
  // Beyond the end is the last one.
  expect(namesOn((await server.get("/?page=99")).text)).toEqual(namesOn(last));
  expect(namesOn((await server.get("/?order=desc&page=2")).text)[0]).toBe("photo%20151.jpg");

  // Each page of JSON names the next, and together they have everything once.
  const names = new Set<string>();
  for (let query: string | null = "?sort=time"; query !== null;) {
    const { text } = await server.get(`/${query}`, { Accept: "application/json" });
    const listing: { entries: { name: string }[]; total: number; next: string | null } =
      JSON.parse(text);
    for (const { name } of listing.entries) names.add(name);
    expect(listing.total).toBe(1_152);
    query = listing.next;
  }
  expect(names.size).toBe(1_152);

  // ?q= filters by a part of the name, in any case and by any way to write an accent, without a script.
  const found = (await server.get("/?q=PHOTO%2099")).text;
  expect(namesOn(found)).toHaveLength(11);
  expect(found).toContain("<strong>11</strong> of 1,152 names contain “PHOTO 99”");
  expect(found).toContain('<input type="search" name="q" value="PHOTO 99"');
  expect(namesOn((await server.get("/?q=cafe%CC%81")).text)).toEqual(["Caf%C3%A9%20menu"]);
  const escaped = (await server.get("/?q=%22%3E%3Cb%3E")).text;
  expect(escaped).toContain('value="&quot;&gt;&lt;b&gt;"');
  expect(namesOn(escaped)).toEqual([]);

  // The order of a large folder is kept for a while, and a new file is seen at once all the same.
  server.folder.write("new one", "");
  expect(namesOn((await server.get("/?q=new")).text)).toEqual(["new%20one"]);
});

test("names that are left out are counted at the top: links that lead out, and special files", async () => {
  await using server = await serveSorted();
  for (const name of ["out", "nowhere"]) {
    symlinkSync(name === "out" ? "/etc" : "none", join(server.folder.path, name));
  }
  symlinkSync("file9", join(server.folder.path, "inside"));
  const { text } = await server.get("/");
  expect(text).toContain("2 names left out: links");
  expect(text.indexOf("left out")).toBeLessThan(text.indexOf("<table>"));
  expect(namesOn(text)).toContain("inside");
  const json = await server.get("/", { Accept: "application/json" });
  expect(JSON.parse(json.text)).toMatchObject({ total: 5, leftOut: 2 });
});

test.each([
  [
    ["b", "A", "a1", "a10", "a2", "Á0", "_", "10", "9", "é", "f"],
    ["9", "10", "_", "A", "Á0", "a1", "a2", "a10", "b", "é", "f"],
  ],
  [
    ["img-2.png", "img-10.png", "IMG-1.png"],
    ["IMG-1.png", "img-2.png", "img-10.png"],
  ],
])("names are sorted as people look for them", (names, sorted) => {
  const key = new Map(names.map((name) => [sortKey(name), name]));
  expect(
    Array.from(key.keys())
      .toSorted()
      .map((each) => key.get(each)),
  ).toEqual(sorted);
});

test("a row has the icon of its kind, a link to download it, and a picture a small one that is loaded when it is seen", async () => {
  await using server = await serveSorted();
  const pixel = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  server.folder.write("a.png", pixel);
  server.folder.write("broken.jpg", "no picture");
  const { text } = await server.get("/");
  expect(text).toContain(
    '<img src="./a.png?thumbnail" alt="" width="36" height="36" loading="lazy"',
  );
  expect(text).toContain('<a href="./a.png?download" download');
  expect(text).toContain('<a href="./folder/?archive=zip" download');
  expect(text).toMatch(
    /<tr class="folder" data-name="folder"><td class="name"><a href=".\/folder\/"><svg [^>]*><use href="#i-folder"\/>/,
  );
  const small = await server.get("/a.png?thumbnail");
  expect([small.status, small.headers.get("content-type")]).toEqual([200, "image/webp"]);
  expect(small.body.toString("latin1", 8, 12)).toBe("WEBP");
  const etag = small.headers.get("etag") ?? "";
  expect((await server.get("/a.png?thumbnail", { "If-None-Match": etag })).status).toBe(304);
  expect((await server.get("/broken.jpg?thumbnail")).status).toBe(404);
  expect((await server.get("/file9?thumbnail")).status).toBe(200);
});
