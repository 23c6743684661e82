// Cookies (RFC 6265bis) that servers set and get back, in memory; and the text of a file that keeps them for the next run, in
// the format of Netscape's, which curl and wget have. The rules are tough-cookie's, which is loaded with the first cookie.

import type { Cookie, CookieJar as RuleJar } from "tough-cookie";

import type { Header } from "../header-fields.ts";

export interface CookieJar {
  /** The Cookie header for a URL; null for none. */
  headerFor(url: URL): Promise<string | null>;
  /** Takes what a response sets; what it must not set is ignored. */
  store(url: URL, headers: readonly Header[]): Promise<void>;
  /** Takes the cookies of a file. */
  load(text: string): Promise<void>;
  /** All cookies as the text of a file. */
  save(): Promise<string>;
}

async function openRules(): Promise<RuleJar> {
  const { CookieJar: Jar } = await import("tough-cookie");
  // A name for this machine is nobody's domain.
  return new Jar(undefined, { allowSpecialUseDomain: true });
}

export function createCookieJar(): CookieJar {
  let jar: Promise<RuleJar> | null = null;

  return {
    async headerFor(url) {
      const written = jar === null ? "" : await (await jar).getCookieString(url.href);
      return written === "" ? null : written;
    },
    async store(url, headers) {
      const set = headers.filter(([name]) => name.toLowerCase() === "set-cookie");
      if (set.length === 0) return;
      jar ??= openRules();
      const rules = await jar;
      for (const [, value] of set) {
        // oxlint-disable-next-line no-await-in-loop -- a later one replaces an earlier one
        await rules.setCookie(value, url.href, { ignoreError: true });
      }
    },
    async load(text) {
      const cookies = parseCookieFile(text);
      if (cookies.length === 0) return;
      jar ??= openRules();
      const rules = await jar;
      const { Cookie: Rule } = await import("tough-cookie");
      for (const { isForHost, domain, path, secure, expires, httpOnly, name, value } of cookies) {
        const url = `${secure ? "https" : "http"}://${domain}${path}`;
        const rule = new Rule({
          key: name,
          value,
          ...(isForHost ? {} : { domain }),
          path,
          secure,
          httpOnly,
          ...(expires === null ? {} : { expires: new Date(expires * 1_000) }),
        });
        // oxlint-disable-next-line no-await-in-loop -- as above
        await rules.setCookie(rule, url, { ignoreError: true });
      }
    },
    async save() {
      const { cookies } = jar === null ? { cookies: [] } : await (await jar).serialize();
      const { Cookie: Rule } = await import("tough-cookie");
      const lines = cookies.flatMap((each) => {
        const cookie = Rule.fromJSON(each);
        return cookie === undefined ? [] : [cookieLine(cookie)];
      });
      return ["# Netscape HTTP Cookie File", ...lines, ""].join("\n");
    },
  };
}

interface KeptCookie {
  /** Not for hosts below it. */
  readonly isForHost: boolean;
  readonly domain: string;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Seconds since 1970; null for a cookie of the session. */
  readonly expires: number | null;
  readonly name: string;
  readonly value: string;
}

const HTTP_ONLY = "#HttpOnly_";

/** A cookie a line, in seven fields; what is none is a comment. */
function parseCookieFile(text: string): KeptCookie[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const httpOnly = line.startsWith(HTTP_ONLY);
    const fields = (httpOnly ? line.slice(HTTP_ONLY.length) : line).split("\t");
    const [domain = "", below = "", path = "", secure = "", expires = "", name = "", value = ""] =
      fields;
    if (fields.length < 6 || domain.startsWith("#") || !/^\d+$/.test(expires)) return [];
    return {
      isForHost: below !== "TRUE",
      domain: domain.replace(/^\./, ""),
      path: path.startsWith("/") ? path : "/",
      secure: secure === "TRUE",
      httpOnly,
      expires: expires === "0" ? null : Number(expires),
      name,
      value,
    };
  });
}

function cookieLine({
  domain,
  hostOnly,
  path,
  secure,
  httpOnly,
  expires,
  key,
  value,
}: Cookie): string {
  const until = expires instanceof Date ? Math.ceil(expires.getTime() / 1_000) : 0;
  const isBelow = hostOnly !== true;
  const fields = [
    `${httpOnly ? HTTP_ONLY : ""}${isBelow ? "." : ""}${domain ?? ""}`,
    isBelow ? "TRUE" : "FALSE",
    path ?? "/",
    secure ? "TRUE" : "FALSE",
    String(until),
    key,
    value,
  ];
  return fields.join("\t");
}
