// `charla get` and who asks for whom: Basic, Digest, .netrc, cookies, certificates of one's own, and what is said when none of
// them is right.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";

import { AUTHORITY, KEY, TRUSTED } from "../harness/certificates.ts";
import { echo, openFetchServer } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { run } from "../harness/program.ts";
import { openRawServer } from "../harness/raw-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** Asks for Digest (RFC 7616) with a nonce that is good for `uses` requests, and answers with what it was sent. */
function openDigestServer(uses = Infinity) {
  let nonce = 0;
  let used = 0;
  const authorizations: string[] = [];
  const server = openFetchServer(async (request) => {
    const written = request.headers.get("authorization") ?? "none";
    authorizations.push(written);
    const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(written)?.[1] ?? "";
    const { pathname } = new URL(request.url);
    const secret = md5("ann:place:s3cret");
    const middle = [`n${nonce}`, field("nc"), field("cnonce"), "auth"].join(":");
    const expected = md5(`${secret}:${middle}:${md5(`${request.method}:${pathname}`)}`);
    const isRight = field("response") === expected;
    if (isRight && used < uses) {
      used += 1;
      if (pathname === "/moved") return Response.redirect("/", 302);
      return new Response(`${request.method} ${field("nc")} ${await request.text()}`);
    }
    const isStale = isRight;
    nonce += 1;
    used = 0;
    const challenge = `Digest realm="place", qop="auth", nonce="n${nonce}"${isStale ? ", stale=true" : ""}`;
    return new Response("who?", {
      status: 401,
      headers: { "WWW-Authenticate": `Basic realm="place", ${challenge}` },
    });
  });
  return { at: server.at, authorizations, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}

describe("Digest", () => {
  test("--digest proves the password, and never sends it", async () => {
    await using server = openDigestServer();
    const { stdout } = await runCharla(["get", "--digest", "-u", "ann:s3cret", server.at]);
    expect(stdout).toBe("GET 00000001 ");
    expect(server.authorizations[0]).toBe("none");
    expect(server.authorizations.join(" ")).not.toContain("Basic");
  });

  test("a server that asks for Digest gets it without the option, too; data is sent again", async () => {
    await using server = openDigestServer();
    const { stdout } = await runCharla(["get", "-u", "ann:s3cret", "-d", "hello", server.at]);
    expect(stdout).toBe("POST 00000001 hello");
  });

  test("the requests of a redirect are counted, and a nonce that has grown old is replaced", async () => {
    await using server = openDigestServer();
    const args = ["get", "--digest", "-u", "ann:s3cret"];
    expect((await runCharla([...args, `${server.at}/moved`])).stdout).toBe("GET 00000002 ");
    await using other = openDigestServer(1);
    expect((await runCharla([...args, `${other.at}/moved`])).stdout).toBe("GET 00000001 ");
  });

  test("a wrong password is tried once, and said to be wrong", async () => {
    await using server = openDigestServer();
    const args = ["get", "--digest", "-u", "ann:wrong", server.at];
    const { stdout, stderr, status } = await runCharla(args);
    expect({ stdout, status }).toEqual({ stdout: "who?", status: 1 });
    expect(stderr).toBe(
      `charla: ${server.at} does not accept this user and password (401 Unauthorized)\n` +
        "hint: check both; -v shows which kind of login it asks for\n",
    );
    expect(server.authorizations.length).toBe(2);
  });
});

testWith(["curl"], "curl proves a password to the tests' server in the same way", async () => {
  await using server = openDigestServer();
  const { stdout } = await run(["curl", "-s", "--digest", "-u", "ann:s3cret", server.at]);
  expect(stdout).toBe("GET 00000001 ");
});

describe("a login", () => {
  test.each([
    [
      "Basic realm=x",
      "asks for a user and a password (401 No)",
      "give those that it accepts: -u USER:PASSWORD",
    ],
    [
      "Bearer",
      "asks for a login of the kind bearer (401 No)",
      'send it yourself, such as -H "Authorization: Bearer TOKEN"',
    ],
  ])("a server that asks for %s without one is told so", async (challenge, message, hint) => {
    await using server = await openRawServer((socket) => {
      socket.end(`HTTP/1.1 401 No\r\nWWW-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`);
    });
    const at = `127.0.0.1:${server.port}`;
    expect((await runCharla(["get", at])).stderr).toBe(`charla: ${at} ${message}\nhint: ${hint}\n`);
  });

  test("--anyauth sends a password only to a server that asks for it", async () => {
    await using server = openFetchServer(({ headers }) => {
      const given = headers.get("authorization");
      if (given !== null) return new Response(given);
      return new Response("", { status: 401, headers: { "WWW-Authenticate": "Basic realm=x" } });
    });
    const basic = `Basic ${btoa("ann:s3cret")}`;
    expect((await runCharla(["get", "--anyauth", "-u", "ann:s3cret", server.at])).stdout).toBe(
      basic,
    );
    expect((await runCharla(["get", "--digest", "-u", "ann:s3cret", server.at])).status).toBe(1);
  });

  test(".netrc is read with -n, for each host its own", async () => {
    using folder = newFolder();
    await using server = openFetchServer(echo);
    const port = server.at.split(":")[1];
    folder.write(".netrc", "machine localhost login ann password s3cret\n");
    const env = { HOME: folder.path };
    const sent = async (...args: string[]) => {
      const { stdout } = await runCharla(["get", ...args], { env });
      return JSON.parse(stdout).headers.authorization;
    };
    const basic = `Basic ${btoa("ann:s3cret")}`;
    expect(await sent("-n", `localhost:${port}`)).toBe(basic);
    expect(await sent("-n", server.at)).toBeUndefined();
    expect(await sent(`localhost:${port}`)).toBeUndefined();
    expect(await sent("--netrc-file", join(folder.path, ".netrc"), `localhost:${port}`)).toBe(
      basic,
    );
    expect(await sent("-n", "-u", "bob:x", `localhost:${port}`)).toBe(`Basic ${btoa("bob:x")}`);
  });
});

/** Sets a cookie at /set, and sends the Cookie header back anywhere else. */
function openCookieServer() {
  return openFetchServer(({ url, headers }) => {
    if (!url.endsWith("/set")) return new Response(headers.get("cookie") ?? "none");
    return new Response(null, {
      status: 302,
      headers: [
        ["Location", "/"],
        ["Set-Cookie", "id=1; Path=/"],
        ["Set-Cookie", "far=2; Path=/; Max-Age=1000"],
      ],
    });
  });
}

describe("cookies", () => {
  test("a cookie that a redirect sets is sent from then on, behind those of -b", async () => {
    await using server = openCookieServer();
    expect((await runCharla(["get", `${server.at}/set`])).stdout).toBe("id=1; far=2");
    const args = ["get", "-b", "a=b", `${server.at}/set`];
    expect((await runCharla(args)).stdout).toBe("a=b; id=1; far=2");
  });

  test("several URLs share their cookies", async () => {
    await using server = openCookieServer();
    const { stdout } = await runCharla(["get", `${server.at}/set`, server.at]);
    expect(stdout).toBe("id=1; far=2id=1; far=2");
  });

  test("--cookie-jar keeps them in a file for the next run, which only its owner can read", async () => {
    using folder = newFolder();
    await using server = openCookieServer();
    const run = (...args: string[]) => runCharla(["get", ...args], { cwd: folder.path });
    await run("-c", "jar", `${server.at}/set`);
    expect(folder.list()).toEqual(["jar"]);
    expect(statSync(join(folder.path, "jar")).mode & 0o777).toBe(0o600);
    expect((await run("-c", "jar", server.at)).stdout).toBe("id=1; far=2");
    expect((await run("-b", "jar", server.at)).stdout).toBe("id=1; far=2");
    expect((await run(server.at)).stdout).toBe("none");
    expect((await run("-b", "nowhere", server.at)).stderr).toStartWith(
      "charla: cannot read nowhere: no such file or folder\n",
    );
  });
});

testWith(
  ["curl"],
  "curl reads the cookies that charla keeps, and charla those of curl",
  async () => {
    using folder = newFolder();
    await using server = openCookieServer();
    const options = { cwd: folder.path };
    await runCharla(["get", "-c", "jar", `${server.at}/set`], options);
    const read = await run(["curl", "-s", "-b", "jar", server.at], options);
    expect(read.stdout.split("; ").toSorted()).toEqual(["far=2", "id=1"]);
    await run(["curl", "-s", "-c", "other", `${server.at}/set`], options);
    const { stdout } = await runCharla(["get", "-b", "other", server.at], options);
    expect(stdout.split("; ").toSorted()).toEqual(["far=2", "id=1"]);
  },
);

/** Requires a certificate of the client (RFC 8446 s. 4.3.2). */
async function openMutualServer(): Promise<Server & AsyncDisposable> {
  const options = { cert: TRUSTED, key: KEY, ca: AUTHORITY, requestCert: true };
  const server = createServer({ ...options, rejectUnauthorized: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(server, {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}

test("--cert and --key give a certificate of one's own to a server that asks for one", async () => {
  using folder = newFolder();
  folder.write("ca.pem", AUTHORITY);
  folder.write("cert.pem", TRUSTED);
  folder.write("key.pem", KEY);
  folder.write("both.pem", `${TRUSTED}\n${KEY}`);
  await using server = await openMutualServer();
  const address = server.address();
  const port = typeof address === "object" ? address?.port : null;
  const run = (...args: string[]) => {
    return runCharla(["get", "--cacert", "ca.pem", ...args, `https://localhost:${port}`], {
      cwd: folder.path,
    });
  };
  expect((await run("--cert", "cert.pem", "--key", "key.pem")).stdout).toBe("ok");
  expect((await run("-E", "both.pem")).stdout).toBe("ok");
  expect((await run("--key", "key.pem")).stderr).toStartWith(
    "charla: --key is of no use without --cert\n",
  );
  expect((await run("--cert", "cert.pem")).stderr).toStartWith(
    "charla: cert.pem has no private key that charla can read\n",
  );
  expect((await run("--cert", "key.pem")).stderr).toStartWith(
    "charla: key.pem is not a file of certificates\n",
  );
});

/** Python's, which says by an alert that there is no certificate: after the handshake of TLS 1.3, in that of 1.2. */
const REQUIRING = `import ssl, socket, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("both.pem")
context.verify_mode = ssl.CERT_REQUIRED
context.load_verify_locations("ca.pem")
if sys.argv[1] == "1.2": context.maximum_version = ssl.TLSVersion.TLSv1_2
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connection, _ = server.accept()
try: context.wrap_socket(connection, server_side=True).recv(1)
except ssl.SSLError: pass
`;

testWith(
  ["python3"],
  "a server that asks for a certificate says so by an alert (RFC 8446 s. 6.2)",
  async () => {
    using folder = newFolder();
    folder.write("ca.pem", AUTHORITY);
    folder.write("both.pem", `${TRUSTED}\n${KEY}`);
    for (const [version, message] of [
      ["1.3", "localhost:PORT asks for a certificate of yours"],
      [
        "1.2",
        "localhost:PORT refuses the TLS handshake, as servers do that ask for a certificate of yours",
      ],
    ] as const) {
      const server = Bun.spawn(["python3", "-c", REQUIRING, version], {
        cwd: folder.path,
        stdout: "pipe",
      });
      const reader = server.stdout.getReader();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const port = Buffer.from((await reader.read()).value ?? [])
        .toString()
        .trim();
      const args = ["get", "--cacert", "ca.pem", `https://localhost:${port}`];
      // oxlint-disable-next-line no-await-in-loop -- as above
      const { stderr, status } = await runCharla(args, { cwd: folder.path });
      server.kill();
      // oxlint-disable-next-line no-await-in-loop -- as above
      await server.exited;
      expect(stderr).toBe(
        `charla: ${message.replace("PORT", port)}\nhint: give yours with --cert FILE and --key FILE\n`,
      );
      expect(status).toBe(1);
    }
  },
);

test("a server that goes on in another protocol is told so", async () => {
  await using server = await openRawServer((socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi");
  });
  const at = `127.0.0.1:${server.port}`;
  const { stdout, stderr, status } = await runCharla(["get", "-H", "Upgrade: websocket", at]);
  expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  expect(stderr).toBe(
    `charla: ${at} goes on in websocket (101 Switching Protocols), which charla get does not speak\n` +
      "hint: leave out the header Upgrade; for WebSockets use another program\n",
  );
});
