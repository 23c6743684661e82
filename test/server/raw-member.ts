// Somebody who joins a server over the sealed wire with a program of their own: says whatever bytes a test wants,
// and takes what it wants.

import { readServerFrame, type ServerFrame } from "../../src/chat/frames.ts";
import { secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/node-crypto.ts";
import { SessionLink } from "../../src/net/sealed-link.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import type { Session, SessionEnd } from "../../src/protocol/session/session.ts";
import type { Server } from "../../src/server/server.ts";
import { until } from "../harness/until.ts";
import { SERVER_KEYS, SERVER_SECRET } from "./served.ts";

export interface RawMember extends AsyncDisposable {
  /** All that the server has said. */
  readonly frames: ServerFrame[];
  /** The state of the session, to be made untrue. */
  readonly session: Session;
  /** Says each as it is, bytes or what becomes JSON. */
  say(...messages: readonly unknown[]): void;
  /** Resolves once the server has said a frame of that type. */
  until(type: ServerFrame["type"]): Promise<void>;
  readonly ended: Promise<SessionEnd>;
}

/** @param taken nothing more is taken before it resolves */
export async function joinRaw(
  { local }: Server,
  name: string,
  taken?: Promise<void>,
): Promise<RawMember> {
  const keys = generateKeyPair(Buffer.alloc(32, name));
  const socket = await openSealedSocket({
    bind: "127.0.0.1",
    port: 0,
    staticKeys: keys,
    admission: null,
  });
  const frames: ServerFrame[] = [];
  const link = socket.join(
    { to: local, psk: secretToPsk(SERVER_SECRET), expected: SERVER_KEYS.publicKey },
    {
      onMessages(messages) {
        for (const message of messages) {
          const reading = readServerFrame(message);
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
    until: (type) => until(`"${type}" for ${name}`, () => frames.some((its) => its.type === type)),
    ended: link.ended,
    async [Symbol.asyncDispose]() {
      link.abort(0, "");
      await socket.close();
    },
  };
}
