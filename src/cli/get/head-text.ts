// A request's and an answer's first lines, as `-i`, `-I` and `-v` show them. Pure; what it returns is safe to print.

import type { Head } from "../../http/client/exchange.ts";
import type { Header, HttpRequest } from "../../http/client/request.ts";
import { visibleLine } from "../../terminal/visible-text.ts";

/** Whoever looks over a shoulder, or reads a log, is not to get in with them. */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The runtime does not tell which HTTP it was; what it speaks is 1.1. */
export function headText({ status, statusText, headers }: Head): string {
  const first = `HTTP/1.1 ${status} ${statusText}`.trimEnd();
  return [first, ...headers.map(headerLine)].map(visibleLine).join("\n");
}

/** For who wants every detail; credentials are not told. */
export function requestText({ method, url, headers, body }: HttpRequest): string {
  const told = headers.map(([name, value]): Header => {
    return [name, SECRET.has(name.toLowerCase()) ? "(not shown)" : value];
  });
  const sent = body === null ? [] : [`(${body.length} bytes of ${body.contentType})`];
  const first = `${method} ${url.pathname}${url.search} HTTP/1.1`;
  return [first, `Host: ${url.host}`, ...told.map(headerLine), ...sent]
    .map((line) => `> ${visibleLine(line)}`)
    .join("\n");
}

export function answerText(head: Head): string {
  return headText(head)
    .split("\n")
    .map((line) => `< ${line}`)
    .join("\n");
}

function headerLine([name, value]: Header): string {
  return `${name}: ${value}`;
}
