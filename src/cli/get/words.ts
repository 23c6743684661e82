// The words of `charla get`: a method, URLs, and what HTTPie calls items, `key=value`, `key:=json`, `Header:value`. Pure.

import { usageError } from "../../errors.ts";
import { parseHeader } from "../../http/client/request.ts";
import type { Header } from "../../http/header-fields.ts";

/** A value, or the file that it is in. */
export type ItemValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string };

export interface Items {
  readonly headers: readonly Header[];
  /** `key==value`: for the URL. */
  readonly query: readonly (readonly [key: string, value: string])[];
  /** `key=value` is a string, `key:=json` a value of JSON. */
  readonly fields: readonly {
    readonly key: string;
    readonly value: ItemValue;
    readonly isJson: boolean;
  }[];
  /** `key@file`: of a form. */
  readonly files: readonly { readonly key: string; readonly path: string }[];
}

export interface GetWords {
  /** Null if none is written. */
  readonly method: string | null;
  readonly urls: readonly string[];
  readonly items: Items;
}

/** What stands between a key and its value; the longest first. */
const SEPARATOR = /:=@|=@|:=|==|=|@|:|;$/;

/**
 * @param isMethod whether a word can be sent as a method
 * @throws {CharlaError} USAGE: an item that is none
 */
export function readGetWords(
  words: readonly string[],
  isMethod: (word: string) => boolean,
): GetWords {
  const [first = "", second] = words;
  const hasMethod = second !== undefined && /^[A-Z]+$/.test(first) && isMethod(first);
  const [url, ...others] = hasMethod ? words.slice(1) : words;
  const items = others.filter(isItem);
  return {
    method: hasMethod ? first : null,
    urls: [...(url === undefined ? [] : [url]), ...others.filter((word) => !isItem(word))],
    items: readItems(items),
  };
}

/** The first word is a URL in any case; a later one may be another URL. */
function isItem(word: string): boolean {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(word)) return false;
  const found = SEPARATOR.exec(word);
  if (found === null || found.index === 0) return false;
  const key = word.slice(0, found.index);
  // A path, a query or an address with a user.
  if (/[/?[\]]/.test(key)) return false;
  if (found[0] === "@") return !word.slice(found.index).includes(".") || !key.includes(":");
  if (found[0] !== ":") return true;
  // HOST:PORT is a URL; a header with a number has a capital letter.
  return !/^[a-z\d.-]+$/.test(key) || !/^:\d*(?:[/?]|$)/.test(word.slice(found.index));
}

function readItems(words: readonly string[]): Items {
  const headers: Header[] = [];
  const query: [string, string][] = [];
  const fields: { key: string; value: ItemValue; isJson: boolean }[] = [];
  const files: { key: string; path: string }[] = [];
  for (const word of words) {
    const { 0: separator = "", index = 0 } = SEPARATOR.exec(word) ?? {};
    const key = word.slice(0, index);
    const rest = word.slice(index + separator.length);
    switch (separator) {
      case ":":
      case ";":
        headers.push(parseHeader(word));
        break;
      case "==":
        query.push([key, rest]);
        break;
      case "=":
        fields.push({ key, value: { kind: "text", text: rest }, isJson: false });
        break;
      case ":=":
        checkJson(word, rest);
        fields.push({ key, value: { kind: "text", text: rest }, isJson: true });
        break;
      case "=@":
      case ":=@":
        fields.push({ key, value: { kind: "file", path: rest }, isJson: separator === ":=@" });
        break;
      case "@":
        files.push({ key, path: rest });
    }
  }
  return { headers, query, fields, files };
}

function checkJson(word: string, text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw usageError(
      `${JSON.stringify(word)} has no JSON behind its :=`,
      "write KEY:=1, KEY:=true or KEY:='[1]'; KEY=TEXT is a string",
    );
  }
}
