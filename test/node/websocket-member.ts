// A member who has no UDP: `websocket-member.js URL INVITATION` enters by a WebSocket, says one line, and prints each frame that
// comes. SIGTERM ends it.

import { parseInvitation, secretToPsk } from "../../src/identity/invitation.ts";
import { generateKeyPair } from "../../src/net/crypto.ts";
import { openSealedSocket } from "../../src/net/sealed-socket.ts";
import { proxiesIn } from "../../src/net/web-proxy.ts";
import { openWebSocketCarrier } from "../../src/net/websocket-carrier.ts";

const [, , url = "", invitation = ""] = process.argv;
const { key, secret } = parseInvitation(invitation);
const over = new AbortController();
const socket = await openSealedSocket({
  bind: "127.0.0.1",
  port: 0,
  staticKeys: generateKeyPair(new Uint8Array(32).fill(3)),
});
const to = openWebSocketCarrier(socket, {
  urls: [url],
  findProxy: proxiesIn(process.env),
  signal: over.signal,
  onLost: ({ message }) => console.log(message),
});
const link = socket.join(
  { to, psk: secretToPsk(secret), expected: key },
  {
    onMessages(messages) {
      for (const message of messages) console.log(new TextDecoder().decode(message));
    },
  },
);
const say = (frame: object) => link.say(new TextEncoder().encode(JSON.stringify(frame)));
await say({ type: "enter", room: "main", name: "ben", device: "QUFBQUFBQUFBQUFBQUFBQQ" });
await say({ type: "say", number: 1, text: "hola by TCP" });
process.once("SIGTERM", () => {
  void socket.close().then(() => over.abort());
});
