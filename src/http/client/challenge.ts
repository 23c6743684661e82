// What a 401 or a 407 asks for (RFC 9110 s. 11): the schemes of its challenges and their parameters. Pure.

import type { Header } from "../header-fields.ts";

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** A scheme or a name; with an equals sign, its value, which may be quoted. */
const PART = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"=]+)))?/g;

/** @param name the header of the challenges: `www-authenticate` or `proxy-authenticate` */
export function challengesOf(headers: readonly Header[], name: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [each, value] of headers) {
    if (each.toLowerCase() !== name) continue;
    for (const [, word = "", quoted, plain] of value.matchAll(PART)) {
      const written = quoted?.replaceAll(/\\(.)/gs, "$1") ?? plain;
      if (written === undefined) {
        challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
      } else challenges.at(-1)?.parameters.set(word.toLowerCase(), written);
    }
  }
  return challenges;
}
