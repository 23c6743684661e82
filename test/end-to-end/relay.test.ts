// `charla relay` as people run it: what it prints, its key, its list and its counts.

import { expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { fingerprint } from "../../src/identity/key-text.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import type { SealedLinkHandlers } from "../../src/net/sealed-link.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { KEY, SELF_SIGNED } from "../harness/certificates.ts";
import { charla, runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";
import { newPerson } from "../harness/person.ts";
import { charla as startProcess } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const SERVER_KEYS = generateKeyPair(new Uint8Array(32).fill(2));
const FINGERPRINT = /^fingerprint (SHA256:[\w+/]{43})$/m;

/** A server that registers at that port. */
async function register(port: string | undefined) {
  const replies: string[] = [];
  const handlers: SealedLinkHandlers = {
    onMessages: (messages) =>
      void replies.push(...messages.map((each) => new TextDecoder().decode(each))),
  };
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: SERVER_KEYS,
  });
  const to = { address: "127.0.0.1", port: Number(port) };
  const link = socket.join({ to, psk: new Uint8Array(32), expected: null }, handlers);
  void link.say(new TextEncoder().encode('{"type":"register"}'));
  return { link, replies, local: socket.local, [Symbol.asyncDispose]: () => socket.close() };
}

const ON_LOOPBACK = ["relay", "--bind", "127.0.0.1", "--port", "0"];
const LISTENS = /^relaying on 127\.0\.0\.1:(\d+)$/m;

test("it prints where it listens and its fingerprint, which stays the same, and ends when it is interrupted", async () => {
  using person = newPerson();
  const prints: (string | undefined)[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using relay = startProcess(ON_LOOPBACK, { as: person });
    const [, port] = await relay.until("stderr", LISTENS);
    const [, print] = await relay.until("stderr", FINGERPRINT);
    prints.push(print);
    await relay.until("stderr", "any server may use it; --allow FILE names those that may\n");
    await using server = await register(port);
    await until("the registration", () => server.replies.length > 0);
    relay.signal(signal);
    expect(await relay.exited).toBe(0);
    expect(await server.link.ended).toMatchObject({ code: 19, reason: "the relay was stopped" });
    expect(relay.stdout).toBe("");
  }
  expect(prints[0]).toMatch(/^SHA256:/);
  expect(prints[1]).toBe(prints[0] ?? "");
});

test("it keeps nothing but its own key and salt, which others can't read", async () => {
  using person = newPerson();
  await using relay = charla(ON_LOOPBACK, { as: person });
  const [, port] = await relay.until("stderr", LISTENS);
  await using server = await register(port);
  await until("the registration", () => server.replies.length > 0);
  expect(readdirSync(person.data)).toEqual(["relay"]);
  const folder = join(person.data, "relay");
  expect(readdirSync(folder).toSorted()).toEqual(["identity", "reset-salt"]);
  expect(statSync(join(folder, "identity")).mode & 0o777).toBe(0o600);
});

test("with --json, stdout has where it listens as one object", async () => {
  await using relay = charla([...ON_LOOPBACK, "--quiet", "--json", "--metrics", "0"]);
  await relay.until("stdout", "\n");
  expect(JSON.parse(relay.stdout)).toEqual({
    type: "listening",
    address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    fingerprint: expect.stringMatching(/^SHA256:/),
    web: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    metrics: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/),
  });
  expect(relay.stderr).toBe("");
});

test("with --allow, only servers on the list register, also one that is added later", async () => {
  using folder = temporaryFolder();
  const list = join(folder.path, "servers");
  writeFileSync(list, "# nobody yet\n");
  await using relay = charla([...ON_LOOPBACK, "--allow", list]);
  const [, port] = await relay.until("stderr", LISTENS);
  {
    await using server = await register(port);
    expect(await server.link.ended).toEqual({ type: "handshake-failed", failure: "wrong-secret" });
  }
  writeFileSync(list, `${fingerprint(SERVER_KEYS.publicKey)} ours\n`);
  await using server = await register(port);
  await until("the registration", () => server.replies.length > 0);
  expect(server.replies).toEqual([
    `{"type":"registered","address":"127.0.0.1:${server.local.port}","page":{"port":${port},"tls":false}}`,
  ]);
  expect(relay.stderr).not.toContain("any server may use it");
});

test("a list that others can change while it runs admits no server, and is reported once", async () => {
  using folder = temporaryFolder();
  const list = join(folder.path, "servers");
  writeFileSync(list, fingerprint(SERVER_KEYS.publicKey));
  await using relay = charla([...ON_LOOPBACK, "--allow", list]);
  const [, port] = await relay.until("stderr", LISTENS);
  chmodSync(list, 0o666);
  for (const _attempt of [1, 2]) {
    await using server = await register(port);
    expect(await server.link.ended).toMatchObject({ failure: "wrong-secret" });
  }
  const reported = relay.stderr.match(/can be changed by other users \(mode 666\)/g);
  expect(reported).toHaveLength(1);
  expect(relay.stderr).toMatch(/^hint: check its content, then chmod o-w /m);
});

test("--metrics serves counts as text on loopback, and nothing else", async () => {
  await using relay = charla([...ON_LOOPBACK, "--metrics", "0"]);
  const [, port] = await relay.until("stderr", LISTENS);
  const [, url = ""] = await relay.until("stderr", /^counts at (\S+)$/m);
  await using server = await register(port);
  await until("the registration", () => server.replies.length > 0);
  const response = await fetch(url);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4");
  const text = await response.text();
  expect(text).toContain(
    "# HELP charla_relay_servers Servers that have registered.\n" +
      "# TYPE charla_relay_servers gauge\ncharla_relay_servers 1\n",
  );
  expect(text).toContain(
    "# TYPE charla_relay_forwarded_bytes_total counter\ncharla_relay_forwarded_bytes_total 0\n",
  );
  // No address, no key.
  expect(text).not.toContain("127.0.0.1");
  expect((await fetch(new URL("/", url))).status).toBe(404);
  expect((await fetch(url, { method: "POST" })).status).toBe(404);
});

test("WebSockets are taken on the TCP port of the same number, or of none with --no-web", async () => {
  {
    // The page is in the program; from source it would be bundled for this.
    await using relay = startProcess(ON_LOOPBACK);
    const [, port] = await relay.until("stderr", LISTENS);
    await relay.until("stderr", `WebSockets on 127.0.0.1:${port}\n`);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  }
  await using relay = charla([...ON_LOOPBACK, "--no-web"]);
  const [, port] = await relay.until("stderr", LISTENS);
  await relay.until("stderr", "any server may use it");
  expect(relay.stderr).not.toContain("WebSockets");
  expect(await fetch(`http://127.0.0.1:${port}/`).catch(() => "refused")).toBe("refused");
});

test("with a certificate they are over TLS, and a TCP port that is taken ends it with a hint", async () => {
  using folder = temporaryFolder();
  const [certificate, key] = [join(folder.path, "chain.pem"), join(folder.path, "key.pem")];
  writeFileSync(certificate, SELF_SIGNED);
  writeFileSync(key, KEY);
  const withTls = [...ON_LOOPBACK, "--tls-cert", certificate, "--tls-key", key];
  await using relay = startProcess([...withTls, "--web-port", "0"]);
  const [, port] = await relay.until("stderr", /^WebSockets over TLS on 127\.0\.0\.1:(\d+)$/m);
  const url = `https://127.0.0.1:${port}/`;
  expect((await fetch(url, { tls: { rejectUnauthorized: false } })).status).toBe(200);
  const { stderr, status } = await runCharla([...withTls, "--web-port", `${port}`]);
  expect(stderr).toContain(
    `127.0.0.1:${port} is in use by another program (TCP, for WebSockets)\n` +
      "hint: choose another TCP port with --web-port N, or go without WebSockets with --no-web\n",
  );
  expect(status).toBe(1);
});

test("a certificate that is none, or not of the key, ends it with its code", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "chain.pem");
  writeFileSync(file, "none");
  const args = [...ON_LOOPBACK, "--json", "--tls-cert", file, "--tls-key", file];
  const { stdout, status } = await runCharla(args);
  expect(JSON.parse(stdout)).toMatchObject({ type: "error", code: "CERTIFICATE_UNUSABLE" });
  expect(status).toBe(1);
});

test("a port for counts that is taken ends it, with a hint", async () => {
  await using taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const { stderr, status } = await runCharla([...ON_LOOPBACK, "--metrics", `${port}`]);
  expect(stderr).toContain(
    `127.0.0.1:${port} is in use by another program\nhint: choose another port with --metrics N`,
  );
  expect(status).toBe(1);
});

test.each([
  [["relay", "here"], "relay takes no arguments"],
  [["relay", "--max-rate", "9K"], "--max-rate takes a number of bytes a second from 10K"],
  [["relay", "--max-rate", "fast"], "--max-rate takes a number of bytes a second from 10K"],
  [["relay", "--metrics", "70000"], '"70000" is not a port'],
  [["relay", "--no-web", "--web-port", "443"], "--web-port is for them"],
  [["relay", "--no-web", "--tls-cert", "a", "--tls-key", "b"], "a certificate is for them"],
  [["relay", "--tls-key", "b"], "a certificate needs its key"],
  [["relay", "--web-port", "-1"], '"-1" is not a port'],
  [["relay", "--bind", "here"], '"here" is not an address to listen on'],
])("%j is wrong usage", async (args, message) => {
  const { stdout, stderr, status } = await runCharla(args);
  expect(stderr).toContain(message);
  expect(stderr).toContain("hint: ");
  expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
});

test("a list that is no list ends it with its code", async () => {
  using folder = temporaryFolder();
  const list = join(folder.path, "servers");
  writeFileSync(list, "ana\n");
  const { stdout, status } = await runCharla([...ON_LOOPBACK, "--json", "--allow", list]);
  expect(JSON.parse(stdout)).toMatchObject({ type: "error", code: "AUTHORIZED_KEYS_DAMAGED" });
  expect(status).toBe(1);
});
