// The answer to a challenge by Digest (RFC 7616), which proves that one knows the password without sending it. Pure: the random
// nonce is an argument.

import { createHash } from "node:crypto";

import type { Challenge, Login } from "./challenge.ts";

/** Hashes by the names of RFC 7616 s. 6.1, as OpenSSL calls them. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ["md5", "md5"],
  ["sha-256", "sha256"],
  ["sha-512-256", "sha512-256"],
]);

/** The first challenge by Digest that can be answered: servers name the one they like best first (s. 3.7). */
export function digestChallenge(challenges: readonly Challenge[]): Challenge | null {
  return challenges.find(isAnswerable) ?? null;
}

function isAnswerable({ scheme, parameters }: Challenge): boolean {
  if (scheme !== "digest" || !parameters.has("nonce") || !parameters.has("realm")) return false;
  const qop = parameters.get("qop");
  return hashOf(parameters) !== undefined && (qop === undefined || hasAuth(qop));
}

function hashOf(parameters: Challenge["parameters"]): string | undefined {
  const algorithm = parameters.get("algorithm") ?? "md5";
  return HASHES.get(algorithm.toLowerCase().replace(/-sess$/, ""));
}

/** `auth-int` would need the whole body beforehand. */
function hasAuth(qop: string): boolean {
  return qop.split(",").some((each) => each.trim().toLowerCase() === "auth");
}

export interface DigestRequest {
  readonly method: string;
  /** The request's target, as it is sent. */
  readonly target: string;
  /** How many requests with the nonce there were, with this one. */
  readonly count: number;
  /** Random. */
  readonly clientNonce: string;
}

/** The value of Authorization or Proxy-Authorization (s. 3.4). @param challenge one that `digestChallenge` gave */
export function digestAnswer(
  { parameters }: Challenge,
  { user, password }: Login,
  { method, target, count, clientNonce }: DigestRequest,
): string {
  const hash = (text: string) => {
    return createHash(hashOf(parameters) ?? "md5")
      .update(text)
      .digest("hex");
  };
  const realm = parameters.get("realm") ?? "";
  const nonce = parameters.get("nonce") ?? "";
  const algorithm = parameters.get("algorithm");
  const hasQop = parameters.has("qop");
  const nc = count.toString(16).padStart(8, "0");
  const secret = hash(`${user}:${realm}:${password}`);
  const isSession = /-sess$/i.test(algorithm ?? "");
  const a1 = isSession ? hash(`${secret}:${nonce}:${clientNonce}`) : secret;
  const a2 = hash(`${method}:${target}`);
  const middle = hasQop ? `${nonce}:${nc}:${clientNonce}:auth` : nonce;
  const isHashed = parameters.get("userhash")?.toLowerCase() === "true";
  const opaque = parameters.get("opaque");
  const fields = [
    userField(isHashed ? hash(`${user}:${realm}`) : user),
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(target)}`,
    `response="${hash(`${a1}:${middle}:${a2}`)}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(hasQop || isSession ? [`cnonce="${clientNonce}"`] : []),
    ...(hasQop ? [`qop=auth`, `nc=${nc}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(isHashed ? ["userhash=true"] : []),
  ];
  return `Digest ${fields.join(", ")}`;
}

function userField(user: string): string {
  // eslint-disable-next-line no-control-regex -- ASCII
  if (/^[\u0000-\u007f]*$/.test(user)) return `username=${quoted(user)}`;
  return `username*=UTF-8''${encodeURIComponent(user).replaceAll(/['()*]/g, encodeCharacter)}`;
}

function encodeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
