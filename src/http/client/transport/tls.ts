// TLS over any stream. The runtime's own TLS sockets end alike whether the peer has said so (close_notify) or somebody has cut
// the connection below it, by which a body without a length is cut short unseen (RFC 8446 s. 6.1). Over a stream of ours the
// two differ: TLS ends either while there still may come something, or not at all.

import { isIP } from "node:net";
import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";

import { createWire, type EndOfStream, type StreamWire } from "./wire.ts";

export interface TlsOptions {
  /** Trust any certificate. */
  readonly insecure: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | null;
  /** The user's own certificate and key (PEM); null for none. */
  readonly identity: {
    readonly cert: string;
    readonly key: string;
    readonly passphrase: string | null;
  } | null;
}

export interface TlsSession {
  readonly wire: StreamWire;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  readonly certificate: {
    readonly subject: string;
    readonly issuer: string;
    readonly validTo: string;
  } | null;
}

/** @param host whose certificate it has to be. @throws what was wrong; or the reason of the signal */
export async function startTls(
  raw: Duplex,
  host: string,
  { insecure, ca, identity }: TlsOptions,
  signal: AbortSignal,
): Promise<TlsSession> {
  const below = createCarrier(raw);
  const secure = connect({
    socket: below.stream,
    host,
    // An address has no place in SNI (RFC 6066 s. 3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ["http/1.1"],
    rejectUnauthorized: !insecure,
    ...(ca === null ? {} : { ca }),
    ...(identity === null ? {} : { cert: identity.cert, key: identity.key }),
    ...(identity?.passphrase ? { passphrase: identity.passphrase } : {}),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  secure.once("secureConnect", resolve).once("error", reject);
  secure.once("close", () => reject(cutInHandshake()));
  // Once the handshake is over this rejects nothing.
  below.onCut(() => reject(cutInHandshake()));
  try {
    await promise;
  } catch (error) {
    secure.on("error", () => {});
    secure.destroy();
    raw.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
    secure.removeAllListeners("error");
    secure.removeAllListeners("close");
  }
  const certificate = secure.getPeerCertificate();
  const wire = createWire(secure, { onCut: (cut) => below.onCut(() => whenSilent(secure, cut)) });
  return {
    wire: {
      ...wire,
      get isIdle() {
        return wire.isIdle && !below.hasEnded;
      },
      keepRunning: (does) => below.keepRunning(does),
      [Symbol.dispose]() {
        wire[Symbol.dispose]();
        raw.destroy();
      },
    },
    protocol: secure.getProtocol() ?? "TLS",
    cipher: secure.getCipher()?.name ?? "",
    certificate:
      certificate.subject === undefined
        ? null
        : {
            subject: nameOf(certificate.subject) || (certificate.subjectaltname ?? ""),
            issuer: nameOf(certificate.issuer),
            validTo: certificate.valid_to,
          },
  };
}

/** What TLS reads and writes: `raw`, but for its end, of which TLS never hears. */
function createCarrier(raw: Duplex & { ref?(): unknown; unref?(): unknown }) {
  let cut: (() => void)[] = [];
  let hasEnded = false;
  const stream = new Duplex({
    read: () => void raw.resume(),
    write: (chunk, encoding, done) => void raw.write(chunk, encoding, done),
    final: (done) => void raw.end(done),
    destroy(cause, done) {
      raw.destroy();
      done(cause);
    },
  });
  raw.on("data", (piece: Uint8Array) => {
    if (!stream.push(piece)) raw.pause();
  });
  raw.on("end", () => {
    hasEnded = true;
    // TLS has what came before, once it has taken it off the stream.
    whenTaken(stream, () => {
      for (const each of cut) each();
      cut = [];
    });
  });
  raw.on("error", (cause) => stream.destroy(cause));
  return {
    stream,
    get hasEnded() {
      return hasEnded;
    },
    onCut: (then: () => void) => void cut.push(then),
    keepRunning(does: boolean) {
      if (does) raw.ref?.();
      else raw.unref?.();
    },
  } satisfies EndOfStream & Record<string, unknown>;
}

/** What TLS decrypts it passes on in the turns after it has taken it. */
function whenTaken(stream: Duplex, then: () => void): void {
  if (stream.destroyed) return;
  if (stream.readableLength > 0) setTimeout(whenTaken, 1, stream, then);
  else setImmediate(() => setImmediate(then));
}

/** The reader may be slow: only when it has taken everything is it known that no end has come. */
function whenSilent(secure: TLSSocket, then: () => void): void {
  if (secure.destroyed || secure.readableEnded) return;
  if (secure.readableLength > 0 || secure.isPaused()) setTimeout(whenSilent, 1, secure, then);
  else setImmediate(then);
}

function nameOf(name: { readonly CN?: unknown; readonly O?: unknown } | undefined): string {
  const written = name?.CN ?? name?.O;
  return typeof written === "string" ? written : "";
}

function cutInHandshake(): Error {
  return Object.assign(new Error("the connection was cut"), { code: "EPROTO" });
}
