// JSON for eyes: one value a line, indented, and coloured where that is wanted. What it says stays as it was written:
// no number is rounded, and no key is lost. Pure; what it returns is safe to print.

import { visibleText } from "../../terminal/visible-text.ts";

/** A string; a number or a literal; a sign. What is between is blank. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s{}[\],:"]+|[{}[\],:]/g;

const KEY = "\x1b[36m";
const STRING = "\x1b[32m";
const OTHER = "\x1b[33m";
const PLAIN = "\x1b[0m";

/** Null when it is no JSON. */
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
        const opened = tokens[index - 1] === (token === "}" ? "{" : "[");
        depth -= 1;
        out += opened ? token : `${newLine()}${token}`;
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
