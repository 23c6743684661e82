// Which HTTP proxy a connection goes through, by the variables that curl and others read. Pure: reads no environment of its own.

import { isIP } from "#is-ip";

import { CharlaError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a WebSocket's URL; null for none. In lower case as well, which wins.
 *
 * @throws {CharlaError} INVALID_URL, for a proxy that is no URL of HTTP
 */
export function proxyFor({ protocol, hostname, port }: URL, env: Environment): URL | null {
  const read = (name: string) => env[name.toLowerCase()] ?? env[name] ?? "";
  const isTls = protocol === "wss:";
  const name = isTls ? "HTTPS_PROXY" : "HTTP_PROXY";
  const written = read(name) || read("ALL_PROXY");
  const to = { host: hostname.replaceAll(/[[\]]/g, ""), port: port || (isTls ? "443" : "80") };
  if (written === "" || isExempt(read("NO_PROXY"), to)) return null;
  // curl takes HOST:PORT, too.
  const full = written.includes("://") ? written : `http://${written}`;
  if (/^https?:/i.test(full) && URL.canParse(full)) return new URL(full);
  // What was written may hold a password.
  throw new CharlaError(
    "INVALID_URL",
    `the proxy in ${read(name) === "" ? "ALL_PROXY" : name} is not an HTTP proxy`,
    "write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, or name hosts to reach without it in NO_PROXY",
  );
}

/**
 * Each URL of a WebSocket with the proxy to it, null for none.
 *
 * @throws {CharlaError} INVALID_URL, as `proxyFor`
 */
export function withProxies(
  urls: readonly string[],
  env: Environment,
): { readonly url: URL; readonly proxy: URL | null }[] {
  return urls.map((written) => {
    const url = new URL(written);
    return { url, proxy: proxyFor(url, env) };
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
