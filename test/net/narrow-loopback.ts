// Run by narrow-loopback.test.ts on a loopback with an MTU of 1,500 bytes: sends datagrams around that limit, and
// prints the result. Arguments: the address to bind, the peer's, "whole" or "fragmented", and "runs" or "apart".

import { openUdpSocket } from "#udp-socket";

import { createInbox } from "./inbox.ts";

const [bind, address = "", mode, together] = process.argv.slice(2);
const received = createInbox<number>();
using peer = await openUdpSocket({
  bind: address,
  port: 0,
  onDatagram: (datagram) => received.put(datagram.length),
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

// Without the headers of IP and UDP (RFC 791, RFC 8200, RFC 768).
const limit = 1_500 - (address.includes(":") ? 40 : 20) - 8;
const lengths = [10, limit + 1, limit, 9_000, 65_000, limit - 1, 20];
socket.sendMany(lengths.map((length) => ({ bytes: new Uint8Array(length), to })));
const arrived: number[] = [];
while (arrived.at(-1) !== 20) arrived.push(await received.next());
// By the next datagram the system has reported all errors of these.
socket.sendMany([{ bytes: new Uint8Array(30), to }]);
arrived.push(await received.next());

const { dontFragment } = socket;
console.log(JSON.stringify({ dontFragment, arrived, tooLong, errors }));
