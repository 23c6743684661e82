// The page in the browser over HTTP: index.html for a room, and its assets, with what keeps a browser from loading or running
// anything else. Knows no server and no relay; they hand it the requests that ask for no WebSocket.

import { gunzipSync } from "node:zlib";

import { acceptedCodings, type Coding } from "../http/header-fields.ts";
import type { PageFile, ServedBy } from "./bundle.ts";
import { bundlePage } from "./bundle.ts" with { type: "macro" };

const page = bundlePage();

/** The smallest first. */
const OFFERED: readonly Coding[] = ["br", "gzip"];
/** s; the names of assets change with their content. */
const ONE_YEAR = 31_536_000;

/** Everything that a browser may ask a person for, and that the page never needs. */
const REFUSED_FEATURES = [
  "accelerometer",
  "autoplay",
  "camera",
  "clipboard-read",
  "display-capture",
  "geolocation",
  "gyroscope",
  "hid",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "serial",
  "usb",
];

const SAFE_HEADERS = {
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": REFUSED_FEATURES.map((feature) => `${feature}=()`).join(", "),
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex",
};

/** Answers a request that asks for no WebSocket. */
export function answerPageRequest(request: Request, servedBy: ServedBy): Response {
  const file = findFile(new URL(request.url).pathname, servedBy);
  if (file === null) return answerInWords(404, "nothing is here");
  if (request.method !== "GET" && request.method !== "HEAD") {
    return answerInWords(405, "only GET", { allow: "GET, HEAD" });
  }
  const isDocument = file.mediaType.startsWith("text/html");
  // Weak: one for all content codings.
  const etag = `W/"${file.sha256}"`;
  const headers = {
    ...SAFE_HEADERS,
    "cache-control": isDocument ? "no-cache" : `public, max-age=${ONE_YEAR}, immutable`,
    "content-security-policy": contentPolicy(request.headers.get("host") ?? ""),
    etag,
    vary: "accept-encoding",
  };
  if (request.headers.get("if-none-match")?.includes(etag.slice(2)) === true) {
    return new Response(null, { status: 304, headers });
  }
  const [coding] = acceptedCodings(request.headers.get("accept-encoding"), OFFERED);
  return new Response(contentOf(file, coding), {
    headers: {
      ...headers,
      "content-type": file.mediaType,
      ...(coding === undefined ? {} : { "content-encoding": coding }),
    },
  });
}

/** SHA-256 in hexadecimal of index.html, which has the digests of all that it loads. */
export function pageDigest(servedBy: ServedBy): string {
  return Buffer.from(page.documents[servedBy].sha256, "base64url").toString("hex");
}

/** index.html for `/` and for each room, which is one segment. */
function findFile(path: string, servedBy: ServedBy): PageFile | null {
  if (!path.includes("/", 1)) return page.documents[servedBy];
  return page.assets.find((asset) => asset.path === path) ?? null;
}

function contentOf(
  { brotli, gzip }: PageFile,
  coding: Coding | undefined,
): Uint8Array<ArrayBuffer> {
  if (coding === "br") return Buffer.from(brotli, "base64");
  const zipped = Buffer.from(gzip, "base64");
  return coding === "gzip" ? zipped : gunzipSync(zipped);
}

/**
 * Nothing but the page's own files, nothing inline, and WebSockets only to where it is from. Those are named, because not every
 * browser takes 'self' for them.
 *
 * @param host of the request
 */
function contentPolicy(host: string): string {
  const webSockets = /^[\w.:[\]-]+$/.test(host) ? ` ws://${host} wss://${host}` : "";
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    // data: for the empty icon.
    "img-src 'self' data:",
    `connect-src 'self'${webSockets}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function answerInWords(
  status: number,
  words: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${words}\n`, {
    status,
    headers: { ...SAFE_HEADERS, "content-type": "text/plain; charset=utf-8", ...headers },
  });
}
