// What the sealed wire asks of its socket beyond sending and hearing: room for bursts, and datagrams
// that arrive whole or not at all. Knows each system's numbers, and nothing of the runtime.

import { isIPv4 } from "node:net";

import type { SocketCalls, SocketOption } from "./socket-calls.ts";

/**
 * Bytes of a receive buffer that holds a burst: on Linux 3,640 datagrams of 1,200 bytes, 24 ms of what
 * one core can seal, where the system's own (212,992 bytes) holds 92, less than a millisecond of it.
 * Linux cuts it down to net.core.rmem_max; macOS takes it (kern.ipc.maxsockbuf is 8 MiB).
 */
export const LARGE_RECEIVE_BUFFER = 4 * 1_024 * 1_024;

export interface WantedOptions {
  /** Bytes; the system cuts it down to its limit. */
  readonly receiveBuffer?: number | undefined;
  /** No datagram is cut in pieces, neither here nor on its way. */
  readonly dontFragment?: boolean | undefined;
  /** Runs of datagrams leave in one piece (see send-runs.ts), where the system knows how. */
  readonly runs?: boolean | undefined;
}

export interface OptionsInForce {
  /** Bytes as the system counts them: Linux twice what may be used (socket(7)). Null if unknown. */
  readonly receiveBuffer: number | null;
  readonly dontFragment: boolean;
}

export const NOTHING_IN_FORCE: OptionsInForce = { receiveBuffer: null, dontFragment: false };

/** A system by its name and its kernel's release: `process.platform` and `os.release()`. */
export interface System {
  readonly platform: string;
  readonly release: string;
}

interface SystemNumbers {
  /** musl answers to glibc's name, too: it takes every libc.* for itself. */
  readonly library: string;
  readonly receiveBuffer: SocketOption;
  readonly dontFragmentIpv4: SocketOption;
  readonly dontFragmentIpv6: SocketOption;
  readonly dontFragment: number;
  /** Into how long datagrams what is sent is cut; null where nothing is. */
  readonly segmentSize: SocketOption | null;
}

const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;

const NUMBERS: Readonly<Record<string, SystemNumbers>> = {
  // asm-generic/socket.h, linux/in.h, linux/in6.h: alike on every processor the runtime is made for.
  linux: {
    library: "libc.so.6",
    receiveBuffer: { level: 1, name: 8 }, // SOL_SOCKET, SO_RCVBUF
    dontFragmentIpv4: { level: IPPROTO_IP, name: 10 }, // IP_MTU_DISCOVER
    dontFragmentIpv6: { level: IPPROTO_IPV6, name: 23 }, // IPV6_MTU_DISCOVER
    // PMTUDISC_PROBE: not cut, and whatever routers said of the path is for the probing to find out
    // itself (ip(7), RFC 8899 s. 4.5).
    dontFragment: 3,
    segmentSize: { level: 17, name: 103 }, // SOL_UDP, UDP_SEGMENT (linux/udp.h, from 4.18 on)
  },
  // sys/socket.h, netinet/in.h, netinet6/in6.h.
  darwin: {
    library: "libSystem.B.dylib",
    receiveBuffer: { level: 0xffff, name: 0x1002 },
    dontFragmentIpv4: { level: IPPROTO_IP, name: 28 }, // IP_DONTFRAG
    dontFragmentIpv6: { level: IPPROTO_IPV6, name: 62 }, // IPV6_DONTFRAG
    dontFragment: 1,
    segmentSize: null,
  },
};

/**
 * From macOS 15 on, Darwin 24, a socket of both families keeps IPv4 datagrams whole with IPv6's
 * option; before, with none (draft-seemann-tsvwg-udp-fragmentation).
 */
const DARWIN_WITH_WHOLE_IPV4 = 24;

/** The C library's file name, null on a system whose numbers are not known. */
export function libraryOf({ platform }: System): string | null {
  return NUMBERS[platform]?.library ?? null;
}

/** The option that has what is sent cut into datagrams of so many bytes; null where there is none. */
export function segmentSizeOf({ platform }: System): SocketOption | null {
  return NUMBERS[platform]?.segmentSize ?? null;
}

/**
 * Sets what is wanted as far as the system lets it be set.
 *
 * @param address where the socket listens
 */
export function applyOptions(
  calls: SocketCalls,
  system: System,
  address: string,
  wanted: WantedOptions,
): OptionsInForce {
  const numbers = NUMBERS[system.platform];
  if (numbers === undefined) return NOTHING_IN_FORCE;
  const { receiveBuffer } = numbers;
  if (wanted.receiveBuffer !== undefined) calls.set(receiveBuffer, wanted.receiveBuffer);
  return {
    receiveBuffer: wanted.receiveBuffer === undefined ? null : calls.get(receiveBuffer),
    dontFragment: wanted.dontFragment === true && keepWhole(calls, system, numbers, address),
  };
}

/** Whether every datagram of the socket is kept whole from now on, of either family. */
function keepWhole(
  calls: SocketCalls,
  system: System,
  numbers: SystemNumbers,
  address: string,
): boolean {
  const { dontFragment, dontFragmentIpv4, dontFragmentIpv6 } = numbers;
  const whole = (option: SocketOption) => calls.set(option, dontFragment);
  if (isIPv4(address)) return whole(dontFragmentIpv4);
  if (system.platform === "linux") return whole(dontFragmentIpv6) && whole(dontFragmentIpv4);
  // Darwin knows no option of IPv4 on a socket of IPv6.
  const wholeIpv4 =
    address !== "::" || Number.parseInt(system.release, 10) >= DARWIN_WITH_WHOLE_IPV4;
  return whole(dontFragmentIpv6) && wholeIpv4;
}
