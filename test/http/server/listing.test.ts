// The listing of a folder as a page and as JSON, with names of every kind.

import { expect, test } from "bun:test";
import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";

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

function namesOn(page: string): string[] {
  return Array.from(page.matchAll(/<td><a href="\.\/([^"]*)"/g), ([, name = ""]) =>
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
    more: 0,
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
  expect(page).not.toMatch(/<script|<img|onerror=alert\(1\)>|href="javascript/);
  expect(page).not.toContain("\u202e");
  expect(namesOn(page)).toHaveLength(NASTY.length);
  const found: string[] = [];
  for (const name of namesOn(page)) found.push((await server.get(`/${name}`)).text);
  expect(found.toSorted()).toEqual(NASTY.toSorted());
  const policy = headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("form-action 'none'");
  expect(policy).not.toMatch(/unsafe|script-src|\*|https?:/);
});

test("the name of the folder and the query are escaped, too", async () => {
  await using server = await serveFolder();
  const name = "<script>alert(1)<script>";
  mkdirSync(join(server.folder.path, name));
  const { text } = await server.get(`/${encodeURIComponent(name)}/?sort="><script>&order=<b>`);
  expect(text).not.toMatch(/<script|<b>/);
  expect(text).toContain('<a href="../">');
});

test("the page has no script and loads nothing", async () => {
  await using server = await serveSorted();
  const { text } = await server.get("/");
  const [icon = ""] = /<link [^>]*>/.exec(text) ?? [];
  expect(icon).toContain('href="data:image/svg+xml,');
  expect(text.replace(icon, "")).not.toMatch(/<script|<link|<img|https?:|src=|url\(/);
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
