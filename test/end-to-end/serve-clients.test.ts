// `charla serve` with curl, wget and openssl, over HTTP/1.1, HTTP/2 and TLS.

import { expect, setDefaultTimeout } from "bun:test";
import { mkdirSync, truncateSync } from "node:fs";
import { join } from "node:path";

import { makeCertificate } from "../../src/http/server/tls/certificate.ts";
import { type Folder, newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { startServing } from "../harness/served.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const TEXT = "a line of text, of many\n".repeat(1_000);
const LARGE = Buffer.alloc(3_000_000, "0123456789");

function share(): Folder {
  const folder = newFolder();
  mkdirSync(join(folder.path, "sub"));
  folder.write("text.txt", TEXT);
  folder.write("large.bin", LARGE);
  folder.write("sub/a b.txt", "below");
  return folder;
}

/** Its output; its status must be 0. */
async function curl(...args: string[]): Promise<string> {
  const { stdout, stderr, status } = await run(["curl", "--silent", "--show-error", ...args]);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  return stdout;
}

testWith(["curl"], "curl fetches, decompresses, resumes and revalidates", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  const { url } = server;
  expect(await curl(`${url}/text.txt`)).toBe(TEXT);
  expect(await curl("--compressed", `${url}/text.txt`)).toBe(TEXT);
  const file = join(folder.path, "got");
  folder.write("got", LARGE.subarray(0, 1_000_000));
  await curl("--continue-at", "-", "--output", file, `${url}/large.bin`);
  expect(Bun.hash(folder.read("got"))).toBe(Bun.hash(LARGE.toString()));
  const status = ["--output", "/dev/null", "--write-out", "%{http_code}"];
  const etags = [
    "--etag-save",
    join(folder.path, "etag"),
    "--etag-compare",
    join(folder.path, "etag"),
  ];
  expect(await curl(...status, ...etags, `${url}/large.bin`)).toBe("200");
  expect(await curl(...status, ...etags, `${url}/large.bin`)).toBe("304");
  expect(await curl(...status, "--time-cond", file, `${url}/text.txt`)).toBe("304");
  expect(await curl("--head", `${url}/large.bin`)).toMatch(/content-length: 3000000/i);
  expect(await curl("--location", `${url}/sub`)).toContain("a b.txt");
  expect(await curl("--path-as-is", `${url}/../../../etc/passwd`)).toStartWith("404");
});

testWith(["curl"], "curl uploads with -T and -F, and authenticates with -u", async () => {
  using folder = share();
  await using server = await startServing([
    folder.path,
    "--upload",
    "--max-upload",
    "1M",
    "--auth",
    "ana:pass word",
  ]);
  const { url } = server;
  const status = ["--output", "/dev/null", "--write-out", "%{http_code}"];
  const file = join(folder.path, "text.txt");
  expect(await curl(...status, "-T", file, `${url}/sub/`)).toBe("401");
  const user = ["-u", "ana:pass word"];
  expect(await curl(...status, ...user, "-T", file, `${url}/sub/`)).toBe("201");
  expect(folder.read("sub/text.txt")).toBe(TEXT);
  expect(await curl(...status, ...user, "-T", file, `${url}/sub/`)).toBe("409");
  const form = ["-F", `file=@${file};filename=form.txt`];
  expect(await curl(...status, ...user, ...form, `${url}/sub/`)).toBe("303");
  expect(folder.read("sub/form.txt")).toBe(TEXT);
  const large = join(folder.path, "large.bin");
  expect(await curl(...status, ...user, "-T", large, `${url}/over.bin`)).toBe("413");
  expect(folder.list()).toEqual(["large.bin", "sub", "text.txt"]);
  await server.until(
    "stderr",
    /127\.0\.0\.1 - ana \[.*\] "PUT \/over\.bin HTTP\/1\.1" 413 \d+ \d+ms\n/,
  );
});

testWith(["wget"], "wget fetches a tree by its listings, and resumes a file", async () => {
  using folder = share();
  using target = newFolder();
  await using server = await startServing([folder.path]);
  const options = ["--no-verbose", "--directory-prefix", target.path];
  const tree = await run([
    "wget",
    ...options,
    "--recursive",
    "--no-parent",
    "--no-host-directories",
    "--reject-regex",
    "[?]",
    `${server.url}/`,
  ]);
  expect({ status: tree.status, stderr: tree.stderr }).toMatchObject({ status: 0 });
  expect(target.read("sub/a b.txt")).toBe("below");
  expect(target.read("text.txt")).toBe(TEXT);
  truncateSync(join(target.path, "large.bin"), 1_000_000);
  const rest = await run(["wget", ...options, "--continue", `${server.url}/large.bin`]);
  expect(rest.status).toBe(0);
  expect(Bun.hash(target.read("large.bin"))).toBe(Bun.hash(LARGE.toString()));
  await server.until("stderr", /"GET \/large\.bin HTTP\/1\.1" 206 2000000 \d+ms\n/);
});

testWith(["curl", "tar"], "tar unpacks a folder while it is sent", async () => {
  using folder = share();
  using target = newFolder();
  await using server = await startServing([folder.path]);
  const pipe = `curl --silent --show-error '${server.url}/?archive=tar' | tar --extract --directory '${target.path}'`;
  expect(await run(["sh", "-c", pipe])).toEqual({ stdout: "", stderr: "", status: 0 });
  const [root = ""] = target.list();
  expect(target.read(`${root}/sub/a b.txt`)).toBe("below");
  expect(Bun.hash(target.read(`${root}/large.bin`))).toBe(Bun.hash(LARGE.toString()));
});

testWith(["curl"], "--tls makes a certificate with the fingerprint that it prints", async () => {
  using folder = share();
  await using server = await startServing([folder.path, "--tls"]);
  expect(server.url).toStartWith("https://localhost:");
  const [, fingerprint = ""] = await server.until("stderr", /SHA-256 ([0-9A-F:]{95})\n/);
  const { stdout: shown } = await run([
    "sh",
    "-c",
    `openssl s_client -connect 127.0.0.1:${server.port} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256`,
  ]);
  expect(shown).toContain(fingerprint);
  const refused = await run(["curl", "--silent", server.url]);
  expect(refused.status).toBe(60);
  const status = ["--output", "/dev/null", "--write-out", "%{http_code} %{http_version}"];
  expect(await curl("--insecure", ...status, `${server.url}/text.txt`)).toBe("200 2");
});

testWith(
  ["curl"],
  "with a certificate from files, everything works over HTTP/1.1 and HTTP/2",
  async () => {
    using folder = share();
    using keys = newFolder();
    const { certificate, key } = makeCertificate(["localhost", "127.0.0.1"], new Date());
    keys.write("cert.pem", certificate);
    keys.write("key.pem", key);
    const cert = join(keys.path, "cert.pem");
    await using server = await startServing([
      folder.path,
      "--tls-cert",
      cert,
      "--tls-key",
      join(keys.path, "key.pem"),
      "--upload",
    ]);
    expect(server.stderr).not.toContain("SHA-256");
    const { url } = server;
    for (const [version, option] of [
      ["1.1", "--http1.1"],
      ["2", "--http2"],
    ] as const) {
      const https = (...args: string[]) => curl("--cacert", cert, option, ...args);
      const status = ["--output", "/dev/null", "--write-out", "%{http_code} %{http_version}"];
      expect(await https(...status, `${url}/text.txt`)).toBe(`200 ${version}`);
      expect(await https(`${url}/text.txt`)).toBe(TEXT);
      expect(await https("--compressed", `${url}/text.txt`)).toBe(TEXT);
      expect(Bun.hash(await https(`${url}/large.bin`))).toBe(Bun.hash(LARGE.toString()));
      expect(await https("--range", "5-8", `${url}/large.bin`)).toBe("5678");
      expect(await https(...status, `${url}/none`)).toBe(`404 ${version}`);
      expect(await https(...status, "-X", "DELETE", `${url}/text.txt`)).toBe(`405 ${version}`);
      const large = join(folder.path, "large.bin");
      expect(await https(...status, "-T", large, `${url}/sub/${version}.bin`)).toBe(
        `201 ${version}`,
      );
      expect(Bun.hash(folder.read(`sub/${version}.bin`))).toBe(Bun.hash(LARGE.toString()));
      expect(await https("--path-as-is", `${url}/../../../etc/passwd`)).toStartWith("404");
      const archive = await run([
        "sh",
        "-c",
        `curl --silent --cacert '${cert}' ${option} '${url}/?archive=tar' | tar --list | wc -l`,
      ]);
      expect(Number(archive.stdout)).toBeGreaterThanOrEqual(5);
    }
    // A refused client gets the response, even while it is sending.
    for (let count = 0; count < 15; count++) {
      const refused = ["--output", "/dev/null", "--write-out", "%{http_code}", "-T"];
      const file = join(folder.path, "large.bin");
      expect(await curl("--cacert", cert, "--http2", ...refused, file, `${url}/text.txt`)).toBe(
        "409",
      );
    }
    // Many streams on one connection.
    const streams = Array.from({ length: 10 }, (_, at) => at);
    for (const at of streams) folder.write(`stream${at}`, Buffer.alloc(1_000_000, `${at}`));
    const outputs = streams.flatMap((at) => [
      "--output",
      join(keys.path, `got${at}`),
      `${url}/stream${at}`,
    ]);
    // With --parallel curl shows the progress even with --silent.
    const parallel = await run(["curl", "--cacert", cert, "--http2", "--parallel", ...outputs]);
    expect(parallel.status).toBe(0);
    for (const at of streams) {
      const got = Bun.hash(keys.read(`got${at}`));
      expect([at, got]).toEqual([at, Bun.hash(folder.read(`stream${at}`))]);
    }
    const plain = await run(["curl", "--silent", `http://127.0.0.1:${server.port}/`]);
    expect(plain.stdout).not.toContain("text.txt");
  },
);

testWith(["curl"], "charla get fetches what charla serve shares", async () => {
  using folder = share();
  await using server = await startServing([folder.path]);
  const { stdout, status } = await runCharla(["get", `${server.url}/text.txt`]);
  expect({ same: stdout === TEXT, status }).toEqual({ same: true, status: 0 });
});
