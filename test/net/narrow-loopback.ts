// Run by narrow-loopback.test.ts where the loopback carries packets of 1,500 bytes only: sends around
// that limit, and prints what became of it. Its arguments: the address to bind, the peer's, "whole" or
// "cut", and "runs" or "apart".

import { openUdpSocket } from "../../src/net/udp-socket.ts";
import { createInbox } from "./inbox.ts";

const [bind, address = "", mode, together] = process.argv.slice(2);
const heard = createInbox<number>();
using peer = await openUdpSocket({
  bind: address,
  port: 0,
  onDatagram: (datagram) => heard.put(datagram.length),
  onError() {},
});
const to = peer.address;
const tooLong: number[] = [];
const errors: string[] = [];
using socket = await openUdpSocket({
  bind: bind === "any" ? undefined : bind,
  port: 0,
  dontFragment: mode === "whole",
  gso: together === "runs",
  onDatagram() {},
  onError: ({ code }) => errors.push(code),
  onTooLong: (where, length) => {
    if (where !== to) throw new Error("another datagram's address");
    tooLong.push(length);
  },
});

// IP's header and UDP's are no part of the datagram (RFC 791, RFC 8200, RFC 768).
const limit = 1_500 - (address.includes(":") ? 40 : 20) - 8;
const lengths = [10, limit + 1, limit, 9_000, 65_000, limit - 1, 20];
socket.sendMany(lengths.map((length) => ({ bytes: new Uint8Array(length), to })));
const arrived: number[] = [];
while (arrived.at(-1) !== 20) arrived.push(await heard.next());
// Whatever the system tells later of these datagrams, it has told by the next turn.
socket.sendMany([{ bytes: new Uint8Array(30), to }]);
arrived.push(await heard.next());

const { dontFragment } = socket;
console.log(JSON.stringify({ dontFragment, arrived, tooLong, errors }));
