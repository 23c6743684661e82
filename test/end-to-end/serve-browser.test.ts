// The listing in Chromium: navigation, sorting, downloads and uploads.

import { afterAll, expect, setDefaultTimeout } from "bun:test";
import { once } from "node:events";
import { mkdirSync, readFileSync, truncateSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { basename, join } from "node:path";

import type { Page } from "playwright-core";

import { CHROMIUM, oneBrowser, type PageLook } from "../harness/browser.ts";
import { type Folder, newFolder } from "../harness/folder.ts";
import { END_TO_END_TIMEOUT, fullTestWith } from "../harness/peer-programs.ts";
import { startServing } from "../harness/served.ts";
import { until } from "../harness/until.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const browser = oneBrowser();
afterAll(() => browser[Symbol.asyncDispose]());

const LONG = "a rather long name that does not fit on a phone at all, and goes on and on.txt";

function share(): Folder {
  const folder = newFolder();
  mkdirSync(join(folder.path, "folder"));
  folder.write("folder/below.txt", "below");
  folder.write("small.bin", Buffer.alloc(10, 1));
  folder.write("middle.bin", Buffer.alloc(100_000, 2));
  folder.write("large.bin", Buffer.alloc(3_000_000, 3));
  folder.write(LONG, "x");
  return folder;
}

const namesOn = (page: Page) => page.locator("tbody td.name a").allTextContents();

fullTestWith([CHROMIUM], "the listing can be sorted and navigated", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  await using window = await browser.openWindow();
  const { page } = window;
  await page.goto(server.url);
  expect(await page.title()).toBe(basename(folder.path));
  expect(await namesOn(page)).toEqual(["folder/", LONG, "large.bin", "middle.bin", "small.bin"]);

  await page.getByRole("link", { name: "Size" }).click();
  expect(await namesOn(page)).toEqual(["folder/", LONG, "small.bin", "middle.bin", "large.bin"]);
  expect(await page.locator("th.size").getAttribute("aria-sort")).toBe("ascending");
  await page.getByRole("link", { name: "Size" }).click();
  expect(await namesOn(page)).toEqual(["folder/", "large.bin", "middle.bin", "small.bin", LONG]);
  expect(await page.locator("th.size").getAttribute("aria-sort")).toBe("descending");

  await page.getByRole("link", { name: "folder/", exact: true }).click();
  expect(await namesOn(page)).toEqual(["..", "below.txt"]);
  await page.getByRole("link", { name: "below.txt", exact: true }).click();
  expect(await page.textContent("body")).toBe("below");
  await page.goBack();
  await page.getByRole("link", { name: basename(folder.path) }).click();
  expect(await namesOn(page)).toContain("large.bin");

  // Nothing but the pages was loaded, and their policy blocked nothing.
  expect(window.requested.filter((url) => !url.startsWith(server.url))).toEqual([]);
  expect(window.requested.filter((url) => /\.(?:js|css|png)\b/.test(url))).toEqual([]);
  // Chromium requests an icon for a plain text, which is missing.
  const missing = Array.from(
    server.stderr.matchAll(/"GET (\S+) HTTP\/1\.1" 404/g),
    ([, path]) => path,
  );
  expect(missing.filter((path) => path !== "/favicon.ico")).toEqual([]);
  expect(window.messages.filter((text) => !text.includes("404"))).toEqual([]);
});

fullTestWith([CHROMIUM], "a file can be downloaded, and a folder as .zip", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  await using window = await browser.openWindow();
  const { page } = window;
  await page.goto(server.url);
  for (const [link, name] of [
    ["Download large.bin", "large.bin"],
    ["All as .zip", ".zip"],
  ] as const) {
    const downloading = page.waitForEvent("download");
    await page.getByRole("link", { name: link }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toEndWith(name);
    const bytes = readFileSync(await download.path());
    if (name === "large.bin") expect(bytes.equals(Buffer.alloc(3_000_000, 3))).toBe(true);
    else expect(bytes.toString("latin1", 0, 2)).toBe("PK");
  }
});

/** The lightness of the background and of the text, 0 to 1. */
const LIGHTNESS = `(() => {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return [backgroundColor, color].map((written) =>
    written.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765);
})()`;

/** Reports each change of a progress bar to the test. */
const REPORT_PROGRESS = `new MutationObserver(() => {
  const progress = document.querySelector(".transfers progress");
  if (progress !== null) report(progress.value);
}).observe(document.querySelector(".transfers"), { attributes: true, childList: true, subtree: true })`;

/** Tries to write and to read from another site; returns how each attempt ends. */
const TRY_ALL = `(async (url) => {
  const form = new FormData();
  form.append("file", new File(["evil"], "evil.txt"));
  const tried = [
    fetch(url + "/evil.txt", { method: "PUT", body: "evil" }),
    fetch(url + "/small.bin"),
    fetch(url + "/", { method: "POST", body: form, mode: "no-cors" }),
  ];
  return (await Promise.allSettled(tried)).map(({ status }) => status);
})`;

const LOOKS: [string, PageLook][] = [
  ["in light", { colorScheme: "light" }],
  ["in dark", { colorScheme: "dark" }],
  ["on a phone, in light", { colorScheme: "light", width: 360, height: 740 }],
  ["on a phone, in dark", { colorScheme: "dark", width: 360, height: 740 }],
];

for (const [title, look] of LOOKS) {
  fullTestWith([CHROMIUM], `the page is readable ${title}, and files can be uploaded`, async () => {
    using folder = share();
    await using server = await startServing([folder.path, "--upload"]);
    await using window = await browser.openWindow(look);
    const { page, messages } = window;
    await page.goto(server.url);

    const [background, text] = await page.evaluate<[number, number]>(LIGHTNESS);
    if (look.colorScheme === "dark") expect([background < 0.2, text > 0.8]).toEqual([true, true]);
    else expect([background > 0.8, text < 0.2]).toEqual([true, true]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    // Large enough for a finger (WCAG 2.5.8: 24 CSS pixels).
    const row = await page.locator("tbody td.name a").first().boundingBox();
    expect(row?.height).toBeGreaterThan(24);

    const seen: number[] = [];
    await using _ = await page.exposeFunction("report", (value: number) => seen.push(value));
    await page.evaluate(REPORT_PROGRESS);
    using source = newFolder();
    const content = Buffer.alloc(5_000_000, 7);
    source.write("sent ü.bin", content);
    // By its path: Playwright would send the bytes to Chromium as base64.
    const input = page.locator("input[type=file][multiple]");
    await input.setInputFiles(join(source.path, "sent ü.bin"));
    await page.getByRole("link", { name: "sent ü.bin", exact: true }).waitFor();
    expect(readFileSync(join(folder.path, "sent ü.bin")).equals(content)).toBe(true);
    // The progress bar was shown and advanced.
    await until("the bar", () => seen.some((value) => value > 0));

    source.write("sent ü.bin", "other");
    await input.setInputFiles(join(source.path, "sent ü.bin"));
    await page.getByText("a file of this name already exists").waitFor();
    expect(readFileSync(join(folder.path, "sent ü.bin"))).toHaveLength(5_000_000);
    // Chromium logs every response that is an error.
    expect(messages.filter((text) => !text.includes("409"))).toEqual([]);
  });
}

fullTestWith([CHROMIUM], "a refused upload is reported, however large the file is", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--upload", "--max-upload", "1M"]);
  await using window = await browser.openWindow();
  const { page } = window;
  await page.goto(server.url);
  const path = join(folder.path, "source");
  folder.write("source", "");
  truncateSync(path, 30_000_000);
  await page.locator("input[type=file][multiple]").setInputFiles(path);
  await page.getByText("too large").waitFor();
  expect(await page.locator("progress").count()).toBe(0);
  // It was asked before a byte of the file was sent.
  await until("the log", () => /"POST \/ HTTP\/1\.1" 413/.test(server.stderr));
  expect(server.stderr).not.toContain("PATCH");
});

fullTestWith([CHROMIUM], "over TLS and HTTP/2 the page works the same", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--upload", "--tls"]);
  await using window = await browser.openWindow();
  const { page } = window;
  await page.goto(server.url);
  const protocol = "performance.getEntriesByType('navigation')[0].nextHopProtocol";
  expect(await page.evaluate<string>(protocol)).toBe("h2");
  using source = newFolder();
  const content = Buffer.alloc(5_000_000, 7);
  source.write("sent.bin", content);
  const input = page.locator("input[type=file][multiple]");
  await input.setInputFiles(join(source.path, "sent.bin"));
  await page.getByRole("link", { name: "sent.bin", exact: true }).waitFor();
  expect(readFileSync(join(folder.path, "sent.bin")).equals(content)).toBe(true);
  await input.setInputFiles(join(source.path, "sent.bin"));
  await page.getByText("a file of this name already exists").waitFor();
});

fullTestWith(
  [CHROMIUM],
  "a folder is uploaded with its folders, and the list shows it",
  async () => {
    using folder = share();
    await using server = await startServing([folder.path, "--upload", "--on-conflict", "rename"]);
    await using window = await browser.openWindow();
    const { page } = window;
    await page.goto(server.url);
    using source = newFolder();
    mkdirSync(join(source.path, "trip", "day one"), { recursive: true });
    source.write("trip/map.txt", "a map");
    source.write("trip/day one/café.txt", "coffee");
    await page
      .locator("input[type=file][webkitdirectory]")
      .setInputFiles(join(source.path, "trip"));
    await page.getByRole("link", { name: "trip/", exact: true }).waitFor();
    await until("both", () =>
      page
        .locator(".transfers .done")
        .count()
        .then((count) => count === 2),
    );
    expect(folder.read("trip/day one/café.txt")).toBe("coffee");
    expect(folder.read("trip/map.txt")).toBe("a map");
    await page.locator("input[type=file][multiple]").setInputFiles(join(folder.path, "small.bin"));
    await page.getByText("done, as small (1).bin").waitFor();
  },
);

/** A proxy that cuts the first connection over which more than this comes, in bytes. */
async function cuttingProxy(port: number, after: number): Promise<{ port: number } & Disposable> {
  let isCut = false;
  const open = new Set<Socket>();
  const proxy = createServer((socket) => {
    let received = 0;
    open.add(socket);
    const upstream = connect(port, "127.0.0.1");
    socket.on("error", () => {}).on("close", () => upstream.destroy());
    upstream.on("error", () => {}).on("close", () => socket.destroy());
    upstream.on("data", (data) => socket.write(data));
    socket.on("data", (data) => {
      received += data.length;
      upstream.write(data);
      if (isCut || received < after) return;
      isCut = true;
      socket.destroy();
    });
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const address = proxy.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    [Symbol.dispose]() {
      proxy.close();
      for (const socket of open) socket.destroy();
    },
  };
}

fullTestWith(
  [CHROMIUM],
  "an upload whose connection is lost goes on from where it was",
  async () => {
    using folder = share();
    await using server = await startServing([folder.path, "--upload"]);
    using proxy = await cuttingProxy(server.port, 2_000_000);
    await using window = await browser.openWindow();
    const { page } = window;
    await page.goto(`http://localhost:${proxy.port}/`);
    using source = newFolder();
    const content = Buffer.alloc(8_000_000, "0123456789");
    source.write("sent.bin", content);
    await page.locator("input[type=file][multiple]").setInputFiles(join(source.path, "sent.bin"));
    await page.getByText("the connection was lost, trying again").waitFor();
    await page.getByRole("link", { name: "sent.bin", exact: true }).waitFor();
    expect(readFileSync(join(folder.path, "sent.bin")).equals(content)).toBe(true);
    // The server was asked how much had come, and got the rest.
    expect(server.stderr).toMatch(/"HEAD \/\?upload=[\da-f]+ HTTP\/1\.1" 200 .*\n.*"PATCH .* 204 /);
  },
);

fullTestWith(
  [CHROMIUM],
  "the keys move through the list, and the filter narrows it as it is typed",
  async () => {
    using folder = share();
    await using server = await startServing([folder.path]);
    await using window = await browser.openWindow();
    const { page } = window;
    await page.goto(server.url);
    const focused = () => page.evaluate<string>("document.activeElement.textContent");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("folder/");
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    expect(await focused()).toBe("large.bin");
    const downloading = page.waitForEvent("download");
    await page.keyboard.press("d");
    expect((await downloading).suggestedFilename()).toBe("large.bin");

    await page.keyboard.press("/");
    await page.keyboard.type("MID");
    await until("the list", async () => (await namesOn(page)).length === 1);
    expect(await namesOn(page)).toEqual(["middle.bin"]);
    expect(new URL(page.url()).search).toBe("?q=MID");
    await page.keyboard.press("Escape");
    await page.goto(`${server.url}/folder/`);
    await page.keyboard.press("u");
    await page.getByRole("link", { name: "large.bin", exact: true }).waitFor();
    expect(window.messages).toEqual([]);
  },
);

fullTestWith(
  [CHROMIUM],
  "with --manage folders are made, and files renamed and deleted, from the page",
  async () => {
    using folder = share();
    await using server = await startServing([folder.path, "--manage"]);
    await using window = await browser.openWindow();
    const { page } = window;
    await page.goto(server.url);
    await page.evaluate(
      `answers = ["new ü", "tiny #1.bin", "middle.bin"]; told = [];
      prompt = () => answers.shift(); confirm = () => true; alert = (text) => told.push(text)`,
    );

    await page.getByRole("button", { name: "New folder" }).click();
    await page.getByRole("link", { name: "new ü/", exact: true }).waitFor();
    await page.getByRole("button", { name: "Rename small.bin" }).click();
    await page.getByRole("link", { name: "tiny #1.bin", exact: true }).waitFor();
    await page.getByRole("button", { name: "Delete large.bin" }).click();
    await page.getByRole("link", { name: "large.bin", exact: true }).waitFor({ state: "detached" });
    expect(folder.list()).toEqual([".trash", LONG, "folder", "middle.bin", "new ü", "tiny #1.bin"]);

    // A name that is taken: nothing happens, and the page says why.
    await page.getByRole("button", { name: "Rename tiny #1.bin" }).click();
    await until("the answer", () => page.evaluate<boolean>("told.length === 1"));
    expect(await page.evaluate<string[]>("told")).toEqual(["the name is taken"]);
    expect(folder.read("tiny #1.bin")).toHaveLength(10);
  },
);

fullTestWith([CHROMIUM], "without scripts the form uploads, too", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--upload"]);
  await using window = await browser.openWindow({ javaScriptEnabled: false });
  const { page } = window;
  await page.goto(`${server.url}/folder/`);
  await page.locator("input[type=file]").setInputFiles([
    { name: "one.txt", mimeType: "text/plain", buffer: Buffer.from("one") },
    { name: "two.txt", mimeType: "text/plain", buffer: Buffer.from("two") },
  ]);
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByRole("link", { name: "two.txt", exact: true }).waitFor();
  expect(page.url()).toBe(`${server.url}/folder/`);
  expect(folder.read("folder/one.txt")).toBe("one");
});

fullTestWith([CHROMIUM], "names that look like HTML do nothing in the page", async () => {
  using folder = newFolder();
  const names = ["<img src=x onerror=alert(1)>", "<script>alert(1)<script>", "javascript:alert(1)"];
  for (const name of names) folder.write(name, "<script>alert(1)</script>");
  await using server = await startServing([folder.path, "--upload"]);
  await using window = await browser.openWindow();
  const { page } = window;
  await page.goto(server.url);
  expect((await namesOn(page)).toSorted()).toEqual(names.toSorted());
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "javascript:alert(1)", exact: true }).click();
  await downloading;
  expect(window.messages).toEqual([]);
});

fullTestWith([CHROMIUM], "another site's page can neither write nor read", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--upload", "--on-conflict", "replace"]);
  const target = `http://127.0.0.1:${server.port}`;
  using other = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () =>
      new Response(
        `<form method="post" enctype="multipart/form-data" action="${target}/">` +
          `<input type="file" name="file"><button>go</button></form>`,
        { headers: { "content-type": "text/html" } },
      ),
  });
  await using window = await browser.openWindow();
  const { page } = window;
  await page.goto(`http://localhost:${other.port}/`);
  const attempts = await page.evaluate<string[]>(`${TRY_ALL}(${JSON.stringify(target)})`);
  expect(attempts.slice(0, 2)).toEqual(["rejected", "rejected"]);
  await page
    .locator("input")
    .setInputFiles([{ name: "evil.txt", mimeType: "text/plain", buffer: Buffer.from("evil") }]);
  await page.getByRole("button", { name: "go" }).click();
  await page.getByText("changes by another site's page are refused").waitFor();
  await until("the log", () => /"POST .* 403/.test(server.stderr));
  expect(folder.list()).not.toContain("evil.txt");
});
