// A program: a TUN interface that sends every packet back into its namespace some time later, in order. Stands in for netem of
// tc(8), which many kernels lack.
//
// Usage: bun delay-line.ts INTERFACE MS. Prints "ready" once the interface exists; it exists until the program ends.

import { dlopen, FFIType, ptr } from "bun:ffi";
import { closeSync, openSync, read, writeSync } from "node:fs";

/** linux/if_tun.h: _IOW('T', 202, int). */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
/** Packets without a header of the device's own. */
const IFF_NO_PI = 0x1000;
/** sizeof(struct ifreq); the flags follow the name. */
const IFREQ_SIZE = 40;
const IFNAMSIZ = 16;
const MAX_PACKET = 65_535;

const [name = "", delay = "0"] = process.argv.slice(2);
const { symbols } = dlopen("libc.so.6", {
  ioctl: { args: [FFIType.i32, FFIType.u64, FFIType.ptr], returns: FFIType.i32 },
});
const tun = openSync("/dev/net/tun", "r+");
const request = Buffer.alloc(IFREQ_SIZE);
request.write(name);
request.writeUInt16LE(IFF_TUN | IFF_NO_PI, IFNAMSIZ);
if (symbols.ioctl(tun, TUNSETIFF, ptr(request)) !== 0) {
  closeSync(tun);
  throw new Error(`no TUN interface ${name}`);
}
process.stdout.write("ready\n");

function readNext(): void {
  const buffer = Buffer.allocUnsafe(MAX_PACKET);
  read(tun, buffer, 0, MAX_PACKET, null, (error, length) => {
    if (error !== null) throw error;
    setTimeout(() => writeSync(tun, buffer, 0, length), Number(delay));
    readNext();
  });
}
readNext();
