// `charla get` through proxies of HTTP and SOCKS: which one is taken, what it is asked for, and that it is named when it fails.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect } from "node:net";

import { AUTHORITY, KEY, TRUSTED } from "../harness/certificates.ts";
import { echo, openFetchServer } from "../harness/fetch-server.ts";
import { newFolder } from "../harness/folder.ts";
import { runCharla } from "../harness/in-process.ts";
import { END_TO_END_TIMEOUT, testWith } from "../harness/peer-programs.ts";
import { reservePort } from "../harness/ports.ts";
import { openRawServer } from "../harness/raw-server.ts";
import { openSocksServer } from "../harness/socks-server.ts";

setDefaultTimeout(END_TO_END_TIMEOUT);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A proxy that takes CONNECT, and connects to the port `to` whatever it is asked for. */
function openTunnelProxy(to: number) {
  return openRawServer((socket, request) => {
    if (!request.startsWith("CONNECT ")) return;
    socket.removeAllListeners("data");
    const far = connect(to, "127.0.0.1");
    socket.write("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
    socket.pipe(far).pipe(socket);
    far.on("error", () => socket.destroy());
  });
}

function serveTls() {
  const server = Bun.serve({
    port: 0,
    tls: { cert: TRUSTED, key: KEY },
    fetch: () => new Response("secret"),
  });
  return {
    port: server.port ?? 0,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

describe("a proxy of HTTP", () => {
  test.each([
    ["http_proxy", "http://a.example/x?y", {}],
    ["ALL_PROXY", "http://a.example/x?y", {}],
    ["--proxy", "http://a.example/x?y", { http_proxy: "http://127.0.0.1:1" }],
  ])("%s is asked for the whole URL (RFC 9112 s. 3.2.2)", async (where, url, more) => {
    await using proxy = await openRawServer((socket) => socket.end(OK));
    const at = `http://us%20er:p%40ss@127.0.0.1:${proxy.port}`;
    const isOption = where === "--proxy";
    const args = isOption ? ["get", "-x", at, url] : ["get", url];
    const env = isOption ? more : { [where]: at };
    expect((await runCharla(args, { env })).stdout).toBe("ok");
    expect(proxy.requests[0]).toStartWith(
      "GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n",
    );
    expect(proxy.requests[0]).toContain(`\r\nProxy-Authorization: Basic ${btoa("us er:p@ss")}\r\n`);
  });

  test("--noproxy and NO_PROXY go past a proxy", async () => {
    await using server = openFetchServer(echo);
    const env = { http_proxy: "http://127.0.0.1:1" };
    for (const [args, more] of [
      [["--noproxy", "127.0.0.1"], {}],
      [["--noproxy", "*"], {}],
      [[], { no_proxy: "127.0.0.1" }],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { status } = await runCharla(["get", ...args, server.at], { env: { ...env, ...more } });
      expect(status).toBe(0);
    }
  });

  test("https goes through a tunnel (RFC 9110 s. 9.3.6), whose proxy sees neither path nor header", async () => {
    using folder = newFolder();
    folder.write("ca.pem", AUTHORITY);
    await using server = serveTls();
    await using proxy = await openTunnelProxy(server.port);
    const { stdout, stderr } = await runCharla(
      [
        "get",
        "-v",
        "--cacert",
        "ca.pem",
        "-x",
        `127.0.0.1:${proxy.port}`,
        "-U",
        "ann:secret",
      ].concat(["-u", "bob:hidden", "https://localhost/path"]),
      { cwd: folder.path },
    );
    expect(stdout).toBe("secret");
    expect(proxy.requests).toEqual([
      `CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic ${btoa("ann:secret")}\r\n\r\n`,
    ]);
    expect(stderr).toContain("> CONNECT localhost:443 HTTP/1.1\n");
    expect(stderr).toContain("> Proxy-Authorization: (not shown)\n");
    expect(stderr).toContain(`* connected to 127.0.0.1, port ${proxy.port}, the proxy 127.0.0.1:`);
    expect(stderr).toMatch(
      /\* TLSv1\.3, TLS_\w+\n\* a certificate for localhost by charla test CA, /,
    );
  });

  test("a proxy that nobody runs is named, and not the server", async () => {
    const port = await reservePort();
    const at = `127.0.0.1:${port}`;
    for (const url of ["http://a.example/", "https://a.example/"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { stderr, status } = await runCharla(["get", "-x", at, url]);
      expect(stderr).toStartWith(
        `charla: the proxy ${at} fails: connection refused: no server is listening at 127.0.0.1, port ${port}\n`,
      );
      expect(status).toBe(1);
    }
    const unknown = await runCharla(["get", "-x", "nowhere.invalid:80", "http://a.example/"]);
    expect(unknown.stderr).toStartWith(
      "charla: the proxy nowhere.invalid fails: the host nowhere.invalid is not known\n",
    );
  });

  test.each([
    [
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\n\r\n",
      "the proxy PROXY asks for a user and a password (407 Proxy Authentication Required)",
    ],
    [
      "HTTP/1.1 403 Forbidden\r\n\r\n",
      "the proxy PROXY refuses to connect to a.example: 403 Forbidden",
    ],
    [
      "SSH-2.0-x\r\n",
      "the proxy PROXY fails: the response of PROXY is not valid HTTP (it has no status line)",
    ],
    ["", "the proxy PROXY fails: PROXY closed the connection before the response was complete"],
  ])("a proxy that answers CONNECT with %j is named", async (answer, message) => {
    await using proxy = await openRawServer((socket) => socket.end(answer));
    const at = `127.0.0.1:${proxy.port}`;
    const { stderr, status } = await runCharla(["get", "-x", at, "https://a.example/"]);
    expect(stderr).toStartWith(`charla: ${message.replaceAll("PROXY", at)}\n`);
    expect(status).toBe(1);
  });

  test("a 407 to a request that it forwards is the proxy's", async () => {
    await using proxy = await openRawServer((socket) => {
      socket.end("HTTP/1.1 407 Login first\r\nContent-Length: 0\r\n\r\n");
    });
    const { stderr } = await runCharla([
      "get",
      "-x",
      `127.0.0.1:${proxy.port}`,
      "http://a.example/",
    ]);
    expect(stderr).toBe(
      "charla: the proxy asks for a user and a password (407 Login first)\n" +
        "hint: give them with --proxy-user USER:PASSWORD\n",
    );
  });

  test.each([
    ["Basic realm=x", "does not accept this user and password (407 No)"],
    [
      'Digest realm="x", nonce="y"',
      "asks for a login of the kind digest (407 No), and charla sends it only Basic",
    ],
  ])("a proxy that asks for %s and gets a wrong password says so", async (challenge, message) => {
    const answer = `HTTP/1.1 407 No\r\nProxy-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`;
    await using proxy = await openRawServer((socket) => socket.end(answer));
    const at = `127.0.0.1:${proxy.port}`;
    const args = ["get", "-x", at, "-U", "ann:wrong"];
    const { stderr } = await runCharla([...args, "http://a.example/"]);
    expect(stderr).toStartWith(`charla: the proxy ${message}\n`);
    const tunnel = await runCharla([...args, "https://a.example/"]);
    expect(tunnel.stderr).toStartWith(`charla: the proxy ${at} ${message}\n`);
  });

  testWith(["ncat"], "ncat's proxy forwards a request, and makes a tunnel", async () => {
    await using server = openFetchServer(echo);
    await using secure = serveTls();
    const port = await reservePort();
    const options = ["--proxy-type", "http", "--proxy-auth", "ann:secret"];
    const ncat = Bun.spawn(["ncat", "-lk", ...options, "127.0.0.1", String(port)], {
      stdout: "ignore",
      stderr: "ignore",
    });
    const args = ["get", "-k", "--retry", "9", "-q", "-x", `ann:secret@127.0.0.1:${port}`];
    try {
      const plain = await runCharla([...args, `http://${server.at}/x`]);
      expect(JSON.parse(plain.stdout)).toMatchObject({ path: "/x" });
      const tunnel = await runCharla([...args, `https://127.0.0.1:${secure.port}/`]);
      expect(tunnel.stdout).toBe("secret");
    } finally {
      ncat.kill();
      await ncat.exited;
    }
  });

  test.each(["ftp://a.example", "socks6://a.example", "http://"])(
    "the proxy %j is refused, and never bypassed",
    async (proxy) => {
      await using server = openFetchServer(echo);
      const { stdout, stderr, status } = await runCharla(["get", server.at], {
        env: { http_proxy: proxy },
      });
      expect({ stdout, status }).toEqual({ stdout: "", status: 2 });
      expect(stderr).toStartWith("charla: the proxy in HTTP_PROXY is not an HTTP or SOCKS proxy\n");
      const typed = await runCharla(["get", "-x", proxy, server.at]);
      expect(typed.stderr).toStartWith(
        "charla: the proxy of --proxy is not an HTTP or SOCKS proxy\n",
      );
      expect(typed.status).toBe(2);
    },
  );
});

describe("a proxy of SOCKS", () => {
  test.each([
    ["socks5h", "5 name a.example:80"],
    ["socks5", "5 address 127.0.0.1:80"],
    ["socks4a", "4 name a.localhost:80"],
    ["socks4", "4 address 127.0.0.1:80"],
    ["socks", "4 address 127.0.0.1:80"],
  ])("%s is asked for %j", async (scheme, asked) => {
    await using server = openFetchServer(echo);
    await using proxy = await openSocksServer(Number(server.at.split(":")[1]));
    const host = asked.includes("name") ? asked.split(/[ :]/)[2] : "localhost";
    const args = ["get", "-4", `http://${host}/x`];
    const env = { ALL_PROXY: `${scheme}://127.0.0.1:${proxy.port}` };
    const { stdout, stderr } = await runCharla(args, { env });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ path: "/x", headers: { host } });
    expect(proxy.requests).toEqual([asked]);
  });

  test("https goes through it as well, and it may ask for a user and a password (RFC 1929)", async () => {
    await using server = serveTls();
    await using proxy = await openSocksServer(server.port, "ann:s@crt");
    const at = `socks5h://127.0.0.1:${proxy.port}`;
    const args = ["get", "-k", "-x", at, "-U"];
    const url = "https://a.example/";
    expect((await runCharla([...args, "ann:s@crt", url])).stdout).toBe("secret");
    expect(proxy.requests).toEqual(["5 name a.example:443"]);
    const { stderr, status } = await runCharla([...args, "ann:wrong", url]);
    expect(stderr).toStartWith(
      `charla: the proxy 127.0.0.1:${proxy.port} does not connect to a.example: `,
    );
    expect(status).toBe(1);
  });

  test("what it cannot reach is told", async () => {
    await using proxy = await openSocksServer(1);
    const at = `socks5h://127.0.0.1:${proxy.port}`;
    const { stderr, status } = await runCharla(["get", "-x", at, "http://a.example:1/"]);
    expect(stderr).toStartWith(
      `charla: the proxy 127.0.0.1:${proxy.port} does not connect to a.example: Socks5 proxy rejected connection - ConnectionRefused\n`,
    );
    expect(status).toBe(1);
  });
});
