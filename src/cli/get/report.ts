// `charla --json get`: an object about each response, with its body unless that is in a file.

import { Buffer } from "node:buffer";

import { CharlaError } from "../../errors.ts";
import type { Destination } from "../../http/client/destination.ts";
import type { HttpResponse } from "../../http/client/exchange.ts";
import { shownUrl } from "../../http/client/url.ts";

/** Bytes of a body that stands in an object. */
const MAX_BODY = 16 * 1_048_576;

export type BodyCollector = ReturnType<typeof collectBody>;

/** A destination that keeps the body. */
export function collectBody() {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const destination: Destination = {
    resumePoint: () => null,
    canRestart: () => true,
    async begin() {
      pieces = [];
      length = 0;
    },
    async write(bytes) {
      length += bytes.length;
      if (length > MAX_BODY) throw tooLong();
      // The next piece may take the place of this one.
      pieces.push(Uint8Array.from(bytes));
    },
  };
  return { destination, bytes: () => Buffer.concat(pieces, length) };
}

export interface ReportedResponse {
  readonly response: HttpResponse;
  readonly method: string;
  readonly redirects: readonly URL[];
  /** ms since the first request was begun. */
  readonly total: number;
  /** The name of the file with the body; null if it is in the object. */
  readonly file: string | null;
  readonly body: Uint8Array | null;
}

/** One line of JSON; times are in ms since the last request was begun, `total` since the first. */
export function reportText(reported: ReportedResponse): string {
  const { response, method, redirects, total, file, body } = reported;
  const { url, version, status, statusText, headers, trailers, times, connection } = response;
  const { address, port, proxy, tls } = connection;
  return JSON.stringify({
    type: "response",
    url: shownUrl(url),
    method,
    version,
    status,
    statusText,
    headers,
    trailers,
    redirects: redirects.map(shownUrl),
    address,
    port,
    proxy: proxy === null ? null : shownUrl(proxy),
    tls:
      tls === null
        ? null
        : { protocol: tls.protocol, cipher: tls.cipher, certificate: tls.certificate },
    times: rounded({ ...times, total }),
    received: response.received,
    file,
    ...(body === null ? {} : bodyMember(body)),
  });
}

/** To a thousandth. */
function rounded(times: Readonly<Record<string, number | null>>) {
  return Object.fromEntries(
    Object.entries(times).map(([step, ms]) => {
      return [step, ms === null ? null : Math.round(ms * 1_000) / 1_000];
    }),
  );
}

/** Text as text, anything else in Base64. */
function bodyMember(bytes: Uint8Array): Readonly<Record<string, string>> {
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { bodyBase64: Buffer.from(bytes).toString("base64") };
  }
}

function tooLong(): CharlaError {
  return new CharlaError(
    "BODY_TOO_LONG",
    `the body is longer than the ${MAX_BODY} bytes that an object has room for`,
    "save it in a file: -o FILE",
  );
}
