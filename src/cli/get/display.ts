// What `charla get` shows besides the body: first lines and headers for `-i`, `-I` and `-v`, and JSON for people. Pure, and safe
// to print.

import type { ExchangeTimes } from "../../http/client/exchange.ts";
import type { Connection } from "../../http/client/transport/connections.ts";
import { decodeText, type Head } from "../../http/client/wire/response-head.ts";
import { visibleLine, visibleText } from "../../terminal/visible-text.ts";

/** Values that are not shown, because others may see the screen or the log. */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/** As it came, one line of the response a line, and safe to print. */
export function headText({ raw }: Head): string {
  return visibleHead(raw).join("\n");
}

/** Where a request goes, in lines for `-v`. */
export function connectionText(connection: Connection): string {
  const { address, port, proxy, tls, isReused } = connection;
  if (isReused) return "* on the same connection";
  const to = port === null ? address : `${address}, port ${port}`;
  const by = proxy === null ? "" : `, the proxy ${proxy.host}`;
  const lines = [`* connected to ${to}${by}`];
  if (tls !== null) {
    const { protocol, cipher, certificate } = tls;
    lines.push(`* ${protocol}, ${cipher}`);
    if (certificate !== null) {
      const { subject, issuer, validTo } = certificate;
      lines.push(`* a certificate for ${subject} by ${issuer}, valid until ${validTo}`);
    }
  }
  return lines.map(visibleLine).join("\n");
}

/** How long each step took, for `-v`. @param total ms of everything */
export function timesText(
  { resolved, connected, secured, sent, firstByte }: ExchangeTimes,
  total: number,
): string {
  const steps: readonly (readonly [string, number | null])[] = [
    ["looked up", resolved],
    ["connected", connected],
    ["TLS", secured],
    ["sent", sent],
    ["first byte", firstByte],
    ["complete", total],
  ];
  const shown = steps.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${ms.toFixed(1)}`]));
  return `* ms: ${shown.join(", ")}`;
}

/** @param head as it is sent, one character a byte */
export function requestText(head: string): string {
  return visibleHead(head)
    .map((line) => {
      const [name = ""] = line.split(":");
      return `> ${SECRET.has(name.toLowerCase()) ? `${name}: (not shown)` : line}`;
    })
    .join("\n");
}

export function responseText(head: Head): string {
  return visibleHead(head.raw)
    .map((line) => `< ${line}`)
    .join("\n");
}

function visibleHead(raw: string): string[] {
  const lines = raw.replace(/(?:\r?\n)+$/, "").split(/\r?\n/);
  return lines.map((line) => visibleLine(decodeText(line)));
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
