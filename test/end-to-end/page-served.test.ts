// The page as a server and a relay serve it, by curl and by fetch, and how its link is joined from a terminal.

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { KEY, SELF_SIGNED } from "../harness/certificates.ts";
import { newFolder } from "../harness/folder.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { charla, type Program, root, run, runCharla, start } from "../harness/program.ts";
import { startSealedServerProcess } from "../harness/sealed-server.ts";

const LOCAL = ["--bind", "127.0.0.1"];

/** The status line and the headers, in lower case, of what curl gets. */
async function headersByCurl(...args: string[]): Promise<string[]> {
  const command = ["curl", "--silent", "--show-error", "--include", "--output", "-", ...args];
  const { stdout, stderr, status } = await run(command);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return (stdout.split("\r\n\r\n")[0] ?? "").toLowerCase().split("\r\n");
}

function startRelay(...args: string[]): Program {
  return charla(["relay", ...LOCAL, "--port", "0", "--json", ...args]);
}

async function webAddressOf(relay: Program): Promise<string> {
  const [, address = ""] = await relay.until("stdout", /"web":"([^"]+)"/);
  return address;
}

testWith(
  ["curl"],
  "charla --server answers requests on its TCP port with the page, and nothing else",
  async () => {
    await using server = await startSealedServerProcess(LOCAL);
    const url = `http://127.0.0.1:${server.port}`;
    const headers = await headersByCurl("--header", "accept-encoding: gzip, br", `${url}/main`);
    expect(headers[0]).toBe("http/1.1 200 ok");
    expect(headers).toContain("content-type: text/html; charset=utf-8");
    expect(headers).toContain("content-encoding: br");
    expect(headers).toContain("cache-control: no-cache");
    expect(headers).toContain("vary: accept-encoding");
    expect(headers).toContain("cross-origin-opener-policy: same-origin");
    expect(headers).toContain("cross-origin-embedder-policy: require-corp");
    expect(headers).toContain("cross-origin-resource-policy: same-origin");
    expect(headers).toContain("referrer-policy: no-referrer");
    expect(headers).toContain("x-content-type-options: nosniff");
    expect(headers).toContain(
      "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
        `connect-src 'self' ws://127.0.0.1:${server.port} wss://127.0.0.1:${server.port}; base-uri 'none'; ` +
        "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect((await headersByCurl(`${url}/a/b`))[0]).toBe("http/1.1 404 not found");
    const refused = await headersByCurl("--request", "DELETE", url);
    expect(refused[0]).toBe("http/1.1 405 method not allowed");
    expect(refused).toContain("allow: get, head");
  },
);

test(
  "what index.html loads is there, and has the digests that index.html names",
  async () => {
    await using server = await startSealedServerProcess(LOCAL);
    const url = `http://127.0.0.1:${server.port}`;
    const html = await (await fetch(`${url}/main`)).text();
    const loaded = Array.from(html.matchAll(/(?:src|href)="(\/-\/[^"]+)" integrity="([^"]+)"/g));
    expect(loaded.length).toBe(3);
    for (const [, path, integrity] of loaded) {
      const response = await fetch(url + path);
      expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      const digest = createHash("sha384")
        .update(await response.text())
        .digest("base64");
      expect(integrity).toBe(`sha384-${digest}`);
    }
    const { stdout } = await runCharla(["doctor", "--json"]);
    const digest = createHash("sha256").update(html).digest("hex");
    expect(stdout).toContain(
      `{"type":"check","name":"page","status":"ok","message":"the page of this charla's servers has the SHA-256 ${digest}","value":{"sha256":"${digest}"}}`,
    );
    const version = await fetch(`${url}/`, {
      headers: { "if-none-match": (await fetch(`${url}/`)).headers.get("etag") ?? "" },
    });
    expect(version.status).toBe(304);
  },
  END_TO_END_TIMEOUT,
);

test(
  "charla relay serves the page, which says so, also over TLS",
  async () => {
    using folder = newFolder();
    const [certificate, key] = ["cert.pem", "key.pem"].map((name) => join(folder.path, name));
    writeFileSync(certificate ?? "", SELF_SIGNED);
    writeFileSync(key ?? "", KEY, { mode: 0o600 });
    const files = ["--tls-cert", certificate ?? "", "--tls-key", key ?? "", "--web-port", "0"];
    for (const [scheme, args] of [
      ["http", []],
      ["https", files],
    ] as const) {
      await using relay = startRelay(...args);
      const url = `${scheme}://${await webAddressOf(relay)}/main`;
      const response = await fetch(url, { tls: { rejectUnauthorized: false } });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('data-served-by="relay"');
    }
    await using without = startRelay("--no-web");
    const [line] = await without.until("stdout", /^.*"listening".*$/m);
    expect(line).not.toContain('"web"');
  },
  END_TO_END_TIMEOUT,
);

test(
  "a terminal joins by the page's link, of a server and of a relay",
  async () => {
    await using relay = startRelay();
    const [, at = ""] = await relay.until("stdout", /"address":"([^"]+)"/);
    for (const [options, link] of [
      [[], /^in a browser: (http:\/\/127\.0\.0\.1:\d+\/main#[\w-]{43}\.[\w-]{22})$/m],
      [
        ["--no-web", "--relay", at],
        /^in a browser: (http:\/\/127\.0\.0\.1:\d+\/main#[\w-]{43}\.[\w-]{22},relay)$/m,
      ],
    ] as const) {
      await using server = await startSealedServerProcess([...LOCAL, ...options]);
      const [, page = ""] = await server.until("stderr", link);
      const { stderr, status } = await runCharla([page, "--name", "ben"], { input: "hello\n" });
      expect(stderr).toContain("you are ben in main, with ana");
      expect(status).toBe(0);
      await server.until("stdout", "ben: hello");
    }
  },
  END_TO_END_TIMEOUT,
);

test(
  "charla from source serves the same page as the built program",
  async () => {
    await using built = await startSealedServerProcess(LOCAL);
    const source = [process.execPath, join(root, "src/cli/main.ts"), "--server", ...LOCAL];
    await using server = start([...source, "--port", "0", "--ephemeral", "--name", "ana"]);
    const [, port] = await server.until("stderr", /in a browser: http:\/\/127\.0\.0\.1:(\d+)/);
    const pages = [built.port, port].map(async (each) =>
      (await fetch(`http://127.0.0.1:${each}/`)).text(),
    );
    const [one, other] = await Promise.all(pages);
    expect(one).toBe(other ?? "");
  },
  END_TO_END_TIMEOUT,
);
