// The page over HTTP: which file a request gets, in which coding, and what its headers keep a browser from.

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

import { answerPageRequest, pageDigest } from "../../src/page/page.ts";

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Response {
  const all = { host: "192.168.1.5:12345", ...headers };
  return answerPageRequest(
    new Request(`http://192.168.1.5:12345${path}`, { method, headers: all }),
    "server",
  );
}

/** The paths of the assets that index.html loads. */
async function assetPaths(): Promise<string[]> {
  const html = await get("/").text();
  return Array.from(html.matchAll(/ (?:src|href)="(\/[^"]+)"/g), ([, path = ""]) => path);
}

test("index.html is at the root and at each room", async () => {
  const html = await get("/").text();
  expect(html).toStartWith("<!doctype html>");
  expect(await get("/main").text()).toBe(html);
  expect(await get("/caf%C3%A9%2F1?x").text()).toBe(html);
});

test("index.html says whether a server or a relay has served it, and differs in nothing else", async () => {
  const html = await get("/").text();
  const request = new Request("https://relay.example/");
  const fromRelay = await answerPageRequest(request, "relay").text();
  expect(html).toContain('data-served-by="server"');
  expect(fromRelay).toBe(html.replace('data-served-by="server"', 'data-served-by="relay"'));
});

test("all headers of index.html", () => {
  const { status, headers } = get("/main");
  expect(status).toBe(200);
  expect(Object.fromEntries(headers)).toEqual({
    "cache-control": "no-cache",
    "content-security-policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
      "connect-src 'self' ws://192.168.1.5:12345 wss://192.168.1.5:12345; base-uri 'none'; form-action 'none'; " +
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "content-type": "text/html; charset=utf-8",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    etag: expect.stringMatching(/^W\/"[\w-]{43}"$/),
    "permissions-policy":
      "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), geolocation=(), " +
      "gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    "referrer-policy": "no-referrer",
    vary: "accept-encoding",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
  });
});

test("a host that is none of a URL's gets into no header", () => {
  for (const host of ["a; script-src *", "a b", ""]) {
    const policy = get("/", { host }).headers.get("content-security-policy");
    expect(policy).toContain("; connect-src 'self'; base-uri 'none'; ");
  }
});

test("assets have the hash of their content in their names, and are kept for a year", async () => {
  const paths = await assetPaths();
  expect(paths.length).toBe(3);
  for (const path of paths) {
    expect(path).toMatch(/^\/-\/[\w-]+-[a-z0-9]{8}\.(?:js|css)$/);
    const { status, headers } = get(path);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(headers.get("content-type")).toBe(
      path.endsWith(".js") ? "text/javascript; charset=utf-8" : "text/css; charset=utf-8",
    );
    expect(headers.get("content-security-policy")).toStartWith("default-src 'none'");
  }
});

test("index.html names the digest of each asset, so that its own digest is that of the whole page", async () => {
  const html = await get("/").text();
  for (const path of await assetPaths()) {
    const digest = createHash("sha384")
      .update(await get(path).text())
      .digest("base64");
    expect(html).toContain(`"${path}" integrity="sha384-${digest}"`);
  }
  expect(pageDigest("server")).toBe(createHash("sha256").update(html).digest("hex"));
  expect(pageDigest("relay")).not.toBe(pageDigest("server"));
});

test("nothing in index.html is inline, and nothing is from elsewhere", async () => {
  const html = await get("/").text();
  expect(html).not.toMatch(/<style|style=|<script>|\son\w+=|https?:/);
});

test("a client gets the smallest coding that it accepts", async () => {
  const text = await get("/").text();
  const script = (await assetPaths()).find((path) => path.endsWith(".js")) ?? "";
  const body = await get(script).text();
  const coded = async (path: string, accepted: string) => {
    const response = get(path, { "accept-encoding": accepted });
    return [
      response.headers.get("content-encoding"),
      Buffer.from(await response.arrayBuffer()),
    ] as const;
  };
  const [brotli, brotliBytes] = await coded("/", "gzip, deflate, br, zstd");
  expect(brotli).toBe("br");
  expect(brotliDecompressSync(brotliBytes).toString()).toBe(text);
  const [gzip, gzipBytes] = await coded(script, "gzip, deflate");
  expect(gzip).toBe("gzip");
  expect(gunzipSync(gzipBytes).toString()).toBe(body);
  const [none, bytes] = await coded("/", "br;q=0, identity");
  expect(none).toBeNull();
  expect(bytes.toString()).toBe(text);
});

test("the whole page is at most 80 KiB gzipped", async () => {
  const lengths = ["/", ...(await assetPaths())].map(async (path) => {
    const response = get(path, { "accept-encoding": "gzip" });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    return (await response.arrayBuffer()).byteLength;
  });
  const sum = (await Promise.all(lengths)).reduce((one, other) => one + other);
  expect(sum).toBeLessThanOrEqual(81_920);
});

test("a browser that has this version gets no body", async () => {
  const etag = get("/").headers.get("etag") ?? "";
  for (const tags of [etag, etag.replace("W/", ""), `"other", ${etag}`]) {
    const response = get("/", { "if-none-match": tags });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe("");
    expect(response.headers.get("etag")).toBe(etag);
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(response.headers.has("content-security-policy")).toBe(true);
  }
  expect(get("/", { "if-none-match": '"other"' }).status).toBe(200);
});

test("anything else is answered in words", async () => {
  for (const path of ["/-/", "/-/main.js", "/a/b", "//", "/main/"]) {
    const response = get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("nothing is here\n");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    const response = get("/", {}, method);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.text()).toBe("only GET\n");
  }
  expect(get("/", {}, "HEAD").status).toBe(200);
});
