// The socket options that the sealed wire wants: a receive buffer for bursts, no IP fragmentation, and GSO. Knows each
// system's numbers, and nothing of the runtime.

import { isIP } from "#is-ip";

/** A socket option, by the numbers in the system's headers. */
export interface SocketOption {
  readonly level: number;
  readonly name: number;
}

export interface SocketCalls {
  /** Null where the system does not say. */
  get(option: SocketOption): number | null;
  /** False where the system refuses. */
  set(option: SocketOption, value: number): boolean;
}

/**
 * Bytes of a receive buffer that holds a burst: on Linux 3,640 datagrams of 1,200 bytes, which is what one core
 * seals in 24 ms; the default (212,992 bytes) holds 92, less than a millisecond. Linux limits it to
 * net.core.rmem_max; macOS accepts it (kern.ipc.maxsockbuf is 8 MiB).
 */
export const LARGE_RECEIVE_BUFFER = 4 * 1_024 * 1_024;

export interface WantedOptions {
  /** Bytes; the system limits it. */
  readonly receiveBuffer?: number | undefined;
  /** No datagram is fragmented, neither here nor on its path. */
  readonly dontFragment?: boolean | undefined;
  /** Generic segmentation offload (see udp-gso.ts), where the system has it. */
  readonly gso?: boolean | undefined;
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
  /** The C library's file name. musl accepts glibc's name, too: it treats every libc.* as itself. */
  readonly library: string;
  readonly receiveBuffer: SocketOption;
  readonly dontFragmentIpv4: SocketOption;
  readonly dontFragmentIpv6: SocketOption;
  readonly dontFragment: number;
  /** The length of the datagrams into which what is sent is cut; null on a system without GSO. */
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
    // PMTUDISC_PROBE: don't fragment, and ignore the path MTU that routers report: our own probing finds it
    // (ip(7), RFC 8899 s. 4.5).
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
 * From macOS 15 on, Darwin 24, IPv6's option also holds for the IPv4 datagrams of a dual-stack socket; before, no option
 * does (draft-seemann-tsvwg-udp-fragmentation).
 */
const DARWIN_DUAL_STACK = 24;

/** The C library's file name; null on a system whose numbers are not known here. */
export function libraryName({ platform }: System): string | null {
  return NUMBERS[platform]?.library ?? null;
}

/** The option for GSO's segment size; null on a system without GSO. */
export function segmentSizeOption({ platform }: System): SocketOption | null {
  return NUMBERS[platform]?.segmentSize ?? null;
}

/**
 * Sets what is wanted, as far as the system allows.
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
    dontFragment: wanted.dontFragment === true && forbidFragments(calls, system, numbers, address),
  };
}

/** Returns whether no datagram of the socket is fragmented from now on, of either family. */
function forbidFragments(
  calls: SocketCalls,
  system: System,
  numbers: SystemNumbers,
  address: string,
): boolean {
  const { dontFragment, dontFragmentIpv4, dontFragmentIpv6 } = numbers;
  const forbid = (option: SocketOption) => calls.set(option, dontFragment);
  if (isIP(address) === 4) return forbid(dontFragmentIpv4);
  if (system.platform === "linux") return forbid(dontFragmentIpv6) && forbid(dontFragmentIpv4);
  // Darwin has no IPv4 options on an IPv6 socket.
  const coversIpv4 = address !== "::" || Number.parseInt(system.release, 10) >= DARWIN_DUAL_STACK;
  return forbid(dontFragmentIpv6) && coversIpv4;
}
