// `charla serve`: what it prints, how it starts and ends, and its errors.

import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, truncateSync } from "node:fs";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import { ownAddresses } from "../../src/net/own-addresses.ts";
import { newFolder } from "../harness/folder.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { openScreen } from "../harness/screen.ts";
import { startServing, startServingProcess } from "../harness/served.ts";
import { until } from "../harness/until.ts";

const LOG_LINE =
  /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \/a HTTP\/1\.1" 200 7 \d+ms$/m;

setDefaultTimeout(END_TO_END_TIMEOUT);

function share() {
  const folder = newFolder();
  folder.write("a", "content");
  return folder;
}

test("charla serve prints its URL first, on stderr, and logs each request in Common Log Format", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  expect(server.stderr).toMatch(/^Open http:\/\/localhost:\d+\n$/);
  expect(await (await fetch(`http://127.0.0.1:${server.port}/a`)).text()).toBe("content");
  await server.until("stderr", LOG_LINE);
  await fetch(`http://127.0.0.1:${server.port}/none?q="%1b[2J`, { headers: { "X-A": "b" } });
  await server.until("stderr", /"GET \/none\?q=[^"\n]+ HTTP\/1\.1" 404 15 \d+ms$/m);
  expect(server.stderr).not.toContain("\x1b");
  expect(server.stdout).toBe("");
});

test("a client cannot forge a line of the log", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    'GET /"a\\b\xff"?"\xe2\x80\xae HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    "latin1",
  );
  await server.until("stderr", / 40[04] \d+ \d+ms\n/);
  const [line = ""] = server.stderr.split("\n").slice(1);
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(line.split('"')).toHaveLength(3);
  socket.destroy();
});

test("with --json each request is an object on stdout", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--json", "--auth", "ana:x"]);
  const headers = { Authorization: `Basic ${btoa("ana:x")}` };
  await fetch(`http://127.0.0.1:${server.port}/a`, { headers });
  await server.until("stdout", /"request".*\n/);
  const lines = server.stdout.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { type: "listening", url: server.url, urls: [server.url] },
    {
      type: "request",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      client: "127.0.0.1",
      user: "ana",
      method: "GET",
      target: "/a",
      ms: expect.any(Number),
      version: "1.1",
      host: `127.0.0.1:${server.port}`,
      referer: null,
      agent: expect.stringContaining("Bun/"),
      status: 200,
      sent: 7,
      aborted: false,
    },
  ]);
  expect(server.stderr.split("\n")).toHaveLength(2);
});

test("with --quiet charla serve prints its URL and nothing else", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--quiet"]);
  await fetch(`http://127.0.0.1:${server.port}/a`);
  server.signal("SIGINT");
  expect(await server.exited).toBe(0);
  expect(server.stderr).toBe(`Open ${server.url}\n`);
  expect(server.stdout).toBe("");
});

test("without DIR charla serve shares the current folder, with this machine only", async () => {
  using folder = share();
  await using server = await startServing([], { cwd: folder.path });
  for (const host of ["127.0.0.1", "[::1]"]) {
    expect(await (await fetch(`http://${host}:${server.port}/a`)).text()).toBe("content");
  }
  for (const address of ownAddresses(networkInterfaces())) {
    const url = `http://${address.includes(":") ? `[${address}]` : address}:${server.port}/a`;
    expect(await fetch(url).then(String, () => "refused")).toBe("refused");
  }
});

test("with --public every URL is printed, and each works", async () => {
  using folder = share();
  await using server = charla(["serve", "--public", "-p", "0", folder.path]);
  await server.until("stderr", /^Open http:\/\/localhost:\d+\n/);
  const urls = Array.from(server.stderr.matchAll(/https?:\/\/\S+/g), ([url]) => url);
  expect(urls[0]).toMatch(/^http:\/\/localhost:\d+$/);
  for (const url of urls) expect(await (await fetch(`${url}/a`)).text()).toBe("content");
});

testWith(
  ["tmux"],
  "on a terminal a QR code is shown for an address that a phone can open",
  async () => {
    using folder = share();
    await using screen = await openScreen(80, 50);
    screen.type(`charla serve --bind 0.0.0.0 -p 0 ${folder.path}`);
    screen.press("Enter");
    const rows = await screen.until("the URL", (seen) =>
      seen.some((row) => row.startsWith("Open http://localhost:")),
    );
    const hasAnother = rows.some((row) => /^ {2}or http:\/\/\d/.test(row));
    if (hasAnother)
      await screen.until("the code", (seen) => seen.some((row) => /[▀▄█]{20}/.test(row)));
    screen.press("C-c");
    await screen.until("the end", (seen) => seen.at(-2) === "^C" && seen.at(-1) === "$");
  },
);

test("a port in use is an error with a hint", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  const { status, stderr } = await runCharla(["serve", "-p", `${server.port}`, folder.path]);
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr:
      `charla: port ${server.port} is in use by another program\n` +
      "hint: choose another port with --port N, or --port 0 for any free one\n",
  });
});

test("a port that another program uses on one of the loopback addresses is in use", async () => {
  using folder = share();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "::1", resolve));
  const address = other.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { status, stderr } = await runCharla(["serve", "-p", `${port}`, folder.path]);
  expect(status).toBe(1);
  expect(stderr).toContain("is in use by another program");
  await new Promise((resolve) => other.close(resolve));
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test.concurrent(
    `${signal} ends charla serve after the pending responses, with status 0`,
    async () => {
      using folder = share();
      folder.write("large", "");
      truncateSync(join(folder.path, "large"), 50_000_000);
      await using server = await startServingProcess([folder.path]);
      const response = await fetch(`http://127.0.0.1:${server.port}/large`);
      const reader = response.body?.getReader();
      let length = (await reader?.read())?.value?.length ?? 0;
      server.signal(signal);
      for (;;) {
        const read = await reader?.read();
        if (read === undefined || read.done) break;
        length += read.value.length;
      }
      expect(length).toBe(50_000_000);
      expect(await server.exited).toBe(0);
    },
    END_TO_END_TIMEOUT,
  );
}

test.concurrent(
  "slow and idle clients are disconnected 5 seconds after the interruption",
  async () => {
    using folder = share();
    folder.write("large", "");
    truncateSync(join(folder.path, "large"), 500_000_000);
    await using server = await startServingProcess([folder.path]);
    const slow = connect(server.port, "127.0.0.1");
    slow.on("error", () => {});
    slow.write("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((resolve) => slow.once("data", resolve));
    slow.pause();
    const idle = connect(server.port, "127.0.0.1");
    idle.on("error", () => {});
    await new Promise((resolve) => idle.once("connect", resolve));
    server.signal("SIGINT");
    expect(await server.exited).toBe(0);
    slow.destroy();
    idle.destroy();
  },
  END_TO_END_TIMEOUT,
);

test.concurrent(
  "an upload that is interrupted by the end of the server leaves nothing",
  async () => {
    using folder = share();
    await using server = await startServingProcess([folder.path, "--upload"]);
    const sender = connect(server.port, "127.0.0.1");
    sender.on("error", () => {});
    sender.write("PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nthe beginning");
    await until("the upload to start", () => folder.list().length === 2);
    server.signal("SIGINT");
    expect(await server.exited).toBe(0);
    expect(folder.list()).toEqual(["a"]);
    sender.destroy();
  },
);

test.concurrent(
  "slow and endless headers are cut off after 12 seconds",
  async () => {
    using folder = share();
    await using server = await startServing([folder.path]);
    const begun = "GET /a HTTP/1.1\r\nHost: a\r\n";
    const slow = [
      ["", ""],
      ["GET /", ""],
      [begun, ""],
      [`${begun}X: `, "a"],
      [begun, "X: a\r\n"],
    ] as const;
    const received = await Promise.all(
      slow.map(
        ([first, more]) =>
          new Promise<string>((resolve) => {
            let text = "";
            const socket = connect(server.port, "127.0.0.1");
            const trickle = setInterval(() => more !== "" && socket.write(more), 500);
            socket.on("error", () => {});
            socket.on("data", (data) => (text += data.toString()));
            socket.on("close", () => {
              clearInterval(trickle);
              resolve(text);
            });
            socket.write(first);
          }),
      ),
    );
    for (const text of received) expect(text).toMatch(/^(?:HTTP\/1\.1 408 .*)?$/s);
    expect(await (await fetch(`http://127.0.0.1:${server.port}/a`)).text()).toBe("content");
  },
  2 * END_TO_END_TIMEOUT,
);

test.each<[string, string[], number, RegExp]>([
  ["a missing folder", ["/does/not/exist"], 1, /there is no folder "\/does\/not\/exist"/],
  ["a file", ["package.json"], 1, /package\.json" is not a folder/],
  ["two folders", ["a", "b"], 2, /one folder, not 2/],
  ["an invalid port", ["-p", "70000"], 2, /70000/],
  ["an invalid address", ["-b", "nowhere"], 2, /is not an address to listen on/],
  [
    "an address of another machine",
    ["-b", "192.0.2.1", "-p", "0"],
    1,
    /does not have that address/,
  ],
  ["--public beside --bind", ["--public", "-b", "::1"], 2, /leave one of them out/],
  ["a URL for a name", ["--host", "http://a.example"], 2, /--host takes a name, not/],
  [
    "an unknown answer to conflicts",
    ["--upload", "--on-conflict", "x"],
    2,
    /--on-conflict takes refuse, rename, replace/,
  ],
  ["a user without a password", ["--auth", "ana"], 2, /--auth needs a user and a password/],
  ["a user of control characters", ["--auth", "a\nb:c"], 2, /--auth needs a user and a password/],
  ["--on-conflict without --upload", ["--on-conflict", "rename"], 2, /add --upload/],
  ["--max-upload without --upload", ["--max-upload", "1G"], 2, /add --upload/],
  ["an invalid amount", ["--upload", "--max-upload", "much"], 2, /is not a number of bytes/],
  ["a certificate without its key", ["--tls-cert", "a.pem"], 2, /add --tls-key FILE/],
  ["a key without its certificate", ["--tls-key", "a.pem"], 2, /add --tls-cert FILE/],
  [
    "two certificates",
    ["--tls", "--tls-cert", "a", "--tls-key", "b"],
    2,
    /--tls makes a certificate/,
  ],
  ["a missing certificate", ["--tls-cert", "/none", "--tls-key", "/none"], 1, /cannot read \/none/],
  ["another command's option", ["--turns"], 2, /--turns does not go with charla serve/],
])("charla serve with %s reports an error with a hint", async (_what, args, status, message) => {
  const result = await runCharla(["serve", ...args]);
  expect(result.status).toBe(status);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(/\nhint: .+\n$/);
  expect(result.stderr.split("\n")).toHaveLength(3);
});

test("the folder above the shared one is not served", async () => {
  using folder = share();
  mkdirSync(join(folder.path, "sub"));
  folder.write("sub/b", "below");
  await using server = await startServing([join(folder.path, "sub")]);
  expect(await (await fetch(`http://127.0.0.1:${server.port}/b`)).text()).toBe("below");
  expect((await fetch(`http://127.0.0.1:${server.port}/%2e%2e/a`)).status).toBe(404);
});
