// A member over the sealed wire that sends any bytes, and reads as much, as a test wants.

import { createServerFrameReader, type ServerFrame } from "../../src/chat/frames.ts";
import { secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { SessionLink } from "../../src/net/sealed-link.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import type { Session, SessionEnd } from "../../src/protocol/session/session.ts";
import type { Server } from "../../src/server/server.ts";
import { until } from "../harness/until.ts";
import { SERVER_KEYS, SERVER_SECRET } from "./served.ts";

export interface RawMember extends AsyncDisposable {
  /** All that the server has sent. */
  readonly frames: ServerFrame[];
  /** The state of the session, to be falsified. */
  readonly session: Session;
  /** Sends each: bytes as they are, anything else as JSON. */
  say(...messages: readonly unknown[]): void;
  /** Resolves once the server has sent a frame of that type. */
  until(type: ServerFrame["type"]): Promise<void>;
  /** Resolves when the handshake has succeeded. */
  readonly joined: Promise<boolean>;
  readonly ended: Promise<SessionEnd>;
}

/**
 * @param taken it reads nothing more before this resolves
 * @param secret of the invitation
 */
export async function joinRaw(
  { local }: Server,
  name: string,
  taken?: Promise<void>,
  secret: Uint8Array = SERVER_SECRET,
): Promise<RawMember> {
  const keys = generateKeyPair(Buffer.alloc(32, name));
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys,
  });
  const frames: ServerFrame[] = [];
  const readFrame = createServerFrameReader();
  const link = socket.join(
    { to: local, psk: secretToPsk(secret), expected: SERVER_KEYS.publicKey },
    {
      onMessages(messages) {
        for (const message of messages) {
          const reading = readFrame(message);
          if (reading.type === "frame") frames.push(reading.frame);
        }
        return taken;
      },
    },
  );
  if (!(link instanceof SessionLink)) throw new Error("a link of another kind");
  return {
    frames,
    session: link.session,
    say(...messages) {
      void link.sayAll(
        messages.map((message) =>
          message instanceof Uint8Array
            ? message
            : new TextEncoder().encode(JSON.stringify(message)),
        ),
      );
    },
    until: (type) =>
      until(`"${type}" for ${name}`, () => frames.some((frame) => frame.type === type)),
    joined: link.joined,
    ended: link.ended,
    async [Symbol.asyncDispose]() {
      link.abort(0, "");
      await socket.close();
    },
  };
}
