// What `charla get` shows of a request and a response: first lines and headers for `-i`, `-I` and `-v`, and JSON for
// people, indented and in colour. Pure; the results are safe to print.

import type { ResponseHead } from "../../http/client/exchange.ts";
import type { HttpRequest } from "../../http/client/request.ts";
import type { Header } from "../../http/header-fields.ts";
import { visibleLine, visibleText } from "../../terminal/visible-text.ts";

/** Values that are not shown, because others may see the screen or the log. */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** The runtime speaks HTTP/1.1, and does not say which version the server has answered with. */
export function headText({ status, statusText, headers }: ResponseHead): string {
  const first = `HTTP/1.1 ${status} ${statusText}`.trimEnd();
  return [first, ...headers.map(headerLine)].map(visibleLine).join("\n");
}

export function requestText({ method, url, headers, body }: HttpRequest): string {
  const shown = headers.map(([name, value]): Header => {
    return [name, SECRET.has(name.toLowerCase()) ? "(not shown)" : value];
  });
  const data = body === null ? [] : [`(${body.length} bytes of ${body.contentType})`];
  const first = `${method} ${url.pathname}${url.search} HTTP/1.1`;
  return [first, `Host: ${url.host}`, ...shown.map(headerLine), ...data]
    .map((line) => `> ${visibleLine(line)}`)
    .join("\n");
}

export function responseText(head: ResponseHead): string {
  return headText(head)
    .split("\n")
    .map((line) => `< ${line}`)
    .join("\n");
}

function headerLine([name, value]: Header): string {
  return `${name}: ${value}`;
}

/** A string; a number or a literal; a punctuation mark. Everything else is blank. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+|[{}[\],:]/g;

const KEY = "\x1b[36m";
const STRING = "\x1b[32m";
const OTHER = "\x1b[33m";
const PLAIN = "\x1b[0m";

/** One value a line, every token as it was written: no number is rounded, no key is lost. Null if it is not JSON. */
export function indentedJson(text: string, coloured: boolean): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const paint = (colour: string, token: string) =>
    coloured ? `${colour}${visibleText(token)}${PLAIN}` : visibleText(token);
  const tokens = text.match(TOKEN) ?? [];
  let out = "";
  let depth = 0;
  const newLine = () => `\n${"  ".repeat(depth)}`;
  for (const [index, token] of tokens.entries()) {
    const isEmpty = token === "{" ? tokens[index + 1] === "}" : tokens[index + 1] === "]";
    switch (token) {
      case "{":
      case "[":
        depth += 1;
        out += isEmpty ? token : `${token}${newLine()}`;
        break;
      case "}":
      case "]": {
        const wasEmpty = tokens[index - 1] === (token === "}" ? "{" : "[");
        depth -= 1;
        out += wasEmpty ? token : `${newLine()}${token}`;
        break;
      }
      case ",":
        out += `,${newLine()}`;
        break;
      case ":":
        out += ": ";
        break;
      default: {
        const string = tokens[index + 1] === ":" ? KEY : STRING;
        out += paint(token.startsWith('"') ? string : OTHER, token);
      }
    }
  }
  return out;
}
