// Which HTTP proxy a connection goes through, by the variables that curl and others read. Pure: reads no environment of its own.

import { isIP } from "#is-ip";

import { CharlaError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What may be spoken with a proxy. */
export type ProxyKinds = "http" | "http-or-socks";

const SCHEMES: Readonly<Record<ProxyKinds, RegExp>> = {
  http: /^https?:/i,
  "http-or-socks": /^(?:https?|socks(?:4a?|5h?)?):/i,
};

/**
 * The proxy for a URL of HTTP or of a WebSocket; null for none. In lower case as well, which wins.
 *
 * @throws {CharlaError} INVALID_URL, for a proxy of another kind
 */
export function proxyFor(
  { protocol, hostname, port }: URL,
  env: Environment,
  kinds: ProxyKinds = "http",
): URL | null {
  const read = (name: string) => env[name.toLowerCase()] ?? env[name] ?? "";
  const isTls = protocol === "wss:" || protocol === "https:";
  const name = isTls ? "HTTPS_PROXY" : "HTTP_PROXY";
  const written = read(name) || read("ALL_PROXY");
  const to = { host: hostname.replaceAll(/[[\]]/g, ""), port: port || (isTls ? "443" : "80") };
  if (written === "" || isExempt(read("NO_PROXY"), to)) return null;
  // curl takes HOST:PORT, too.
  const full = written.includes("://") ? written : `http://${written}`;
  const proxy = SCHEMES[kinds].test(full) ? URL.parse(full) : null;
  if (proxy !== null && proxy.hostname !== "") return proxy;
  const hasSocks = kinds === "http-or-socks";
  // What was written may hold a password.
  throw new CharlaError(
    "INVALID_URL",
    `the proxy in ${read(name) === "" ? "ALL_PROXY" : name} is not an HTTP ${hasSocks ? "or SOCKS " : ""}proxy`,
    `write it as http://HOST:PORT or ${hasSocks ? "socks5h://" : "http://USER:PASSWORD@"}HOST:PORT, or name hosts to reach without it in NO_PROXY`,
  );
}

/** Throws as `proxyFor` does. */
export type FindProxy = (url: URL) => URL | null;

/** What finds the proxies of WebSockets. */
export function proxiesIn(env: Environment): FindProxy {
  return (url) => proxyFor(url, env);
}

/**
 * Each URL of a WebSocket with the proxy to it, null for none.
 *
 * @throws {CharlaError} INVALID_URL, as `proxyFor` does
 */
export function withProxies(
  urls: readonly string[],
  findProxy: FindProxy = () => null,
): { readonly url: URL; readonly proxy: URL | null }[] {
  return urls.map((written) => {
    const url = new URL(written);
    return { url, proxy: findProxy(url) };
  });
}

/** `*`, or hosts that are meant with all below them, each perhaps with a port. */
function isExempt(list: string, to: { readonly host: string; readonly port: string }): boolean {
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "*") return true;
    const isBareIpv6 = isIP(entry) === 6;
    const [, named = "", port] = (isBareIpv6 ? null : /^(.*?)(?::(\d+))?$/.exec(entry)) ?? [];
    const host = (isBareIpv6 ? entry : named)
      .toLowerCase()
      .replaceAll(/[[\]]/g, "")
      .replace(/^\*?\./, "");
    if (host === "" || (port !== undefined && port !== to.port)) return false;
    return to.host === host || (isIP(to.host) === 0 && to.host.endsWith(`.${host}`));
  });
}
