// How `charla get` connects: time-outs, addresses, proxies and certificates.

import { resolve } from "node:path";

import { CharlaError, usageError } from "../../errors.ts";
import type { TransportOptions } from "../../http/client/exchange.ts";
import { notReadable } from "../../http/client/request.ts";
import type { proxyFor as ProxyFor } from "../../net/web-proxy.ts";
import type { Io } from "../../terminal/io.ts";
import type { CommandLine } from "../options.ts";
import { amountOptions } from "./amount-options.ts";

/** @throws {CharlaError} USAGE, FILE_NOT_READABLE */
export async function connectionOptions(
  commandLine: CommandLine,
  { cwd, env }: Io,
): Promise<TransportOptions> {
  const { flags, values, lists } = commandLine;
  const { timeout, connectTimeout } = amountOptions(commandLine);
  const unixSocket = values.get("unix-socket");
  return {
    timeout,
    connectTimeout,
    insecure: flags.has("insecure"),
    ca: await readCertificates(values.get("cacert"), "cacert", cwd),
    identity: await readIdentity(commandLine, cwd),
    family: flags.has("ipv4") ? 4 : flags.has("ipv6") ? 6 : 0,
    resolve: await readAddresses(lists.get("resolve") ?? []),
    unixSocket: unixSocket === undefined ? null : resolve(cwd, unixSocket),
    proxyFor: await proxies(commandLine, env),
  };
}

/** Those of the options win over those of the environment. */
async function proxies(
  { values }: CommandLine,
  env: Io["env"],
): Promise<TransportOptions["proxyFor"]> {
  const written = values.get("proxy");
  const login = values.get("proxy-user");
  const exempt = values.get("noproxy");
  const own = {
    ...env,
    ...(written === undefined
      ? {}
      : { http_proxy: "", HTTP_PROXY: "", https_proxy: "", HTTPS_PROXY: "", all_proxy: written }),
    ...(exempt === undefined ? {} : { no_proxy: exempt }),
  };
  if (!Object.entries(own).some(([name, value]) => /^(?:https?|all)_proxy$/i.test(name) && value)) {
    return () => null;
  }
  // Most have none.
  const { proxyFor } = await import("../../net/web-proxy.ts");
  if (written !== undefined) checkProxy(written, proxyFor);
  return (url) => {
    const proxy = proxyFor(url, own, "http-or-socks");
    if (proxy === null || login === undefined) return proxy;
    const end = login.indexOf(":");
    proxy.username = encodeURIComponent(end === -1 ? login : login.slice(0, end));
    proxy.password = encodeURIComponent(end === -1 ? "" : login.slice(end + 1));
    return proxy;
  };
}

/** A mistake in --proxy is reported before anything is sent. @throws {CharlaError} INVALID_URL */
function checkProxy(written: string, proxyFor: typeof ProxyFor): void {
  try {
    proxyFor(new URL("http://host.invalid"), { all_proxy: written }, "http-or-socks");
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    const message = error.message.replace("in ALL_PROXY", "of --proxy");
    throw new CharlaError(
      error.code,
      message,
      "write it as http://HOST:PORT or socks5h://HOST:PORT",
    );
  }
}

/** `HOST:PORT:ADDRESS[,ADDRESS]`, as in curl; an IPv6 address may be in brackets, and `*` stands for all hosts. */
async function readAddresses(
  written: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (written.length === 0) return new Map();
  const { isIP } = await import("node:net");
  return new Map(
    written.map((each) => {
      const found = /^[+-]?(\[[^\]]+\]|[^:]+):(\d{1,5}):(.+)$/.exec(each);
      const [, host = "", port = "", list = ""] = found ?? [];
      const addresses = list.split(",").map((address) => address.replaceAll(/[[\]]/g, ""));
      if (found === null || addresses.some((address) => isIP(address) === 0)) {
        throw usageError(
          `${JSON.stringify(each)} is not valid for --resolve`,
          "it takes HOST:PORT:ADDRESS, such as example.com:443:127.0.0.1",
        );
      }
      return [`${host.replaceAll(/[[\]]/g, "").toLowerCase()}:${Number(port)}`, addresses];
    }),
  );
}

async function readIdentity(
  { values }: CommandLine,
  cwd: string,
): Promise<TransportOptions["identity"]> {
  const written = values.get("cert");
  if (written === undefined) {
    if (!values.has("key")) return null;
    throw usageError("--key is of no use without --cert", "add --cert FILE");
  }
  // FILE:PASSWORD, as in curl.
  const [, path = written, passphrase = null] = /^(.{2,}?):([^/\\]*)$/.exec(written) ?? [];
  const cert = (await readCertificates(path, "cert", cwd)) ?? "";
  const keyPath = values.get("key") ?? path;
  const key = await readText(keyPath, cwd);
  const { createPrivateKey } = await import("node:crypto");
  try {
    createPrivateKey({ key, ...(passphrase === null ? {} : { passphrase }) });
  } catch (cause) {
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${keyPath} has no private key that charla can read`,
      "--key takes a PEM file; the password of an encrypted one goes behind the certificate: --cert FILE:PASSWORD",
      { cause },
    );
  }
  return { cert, key, passphrase };
}

async function readText(path: string, cwd: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    throw notReadable(path, cause);
  }
}

async function readCertificates(
  path: string | undefined,
  option: "cacert" | "cert",
  cwd: string,
): Promise<string | null> {
  if (path === undefined) return null;
  const text = await readText(path, cwd);
  const { X509Certificate } = await import("node:crypto");
  try {
    // Checked here, because the runtime reports a malformed one as an unknown host.
    const found = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
    if (found.length === 0) throw new Error("it contains no certificate");
    for (const certificate of found) void new X509Certificate(certificate);
  } catch (cause) {
    throw new CharlaError(
      "FILE_NOT_READABLE",
      `${path} is not a file of certificates`,
      `--${option} takes PEM files: -----BEGIN CERTIFICATE-----`,
      { cause },
    );
  }
  return text;
}
