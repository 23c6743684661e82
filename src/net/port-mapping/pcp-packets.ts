// Packets of PCP, the Port Control Protocol (RFC 6887), version 2, as far as a client needs them to map IPv4 ports. Pure.
//
//   request    version 2 | opcode | reserved (2) | lifetime (4) | client's address (16)
//   response   version 2 | 0x80 + opcode | reserved | result | lifetime (4) | epoch (4) | reserved (12)
//   MAP        nonce (12) | protocol | reserved (3) | internal port (2) | external port (2) | external address (16)

import { ipBytes } from "../../ip-bytes.ts";
import { PROTOCOL_NUMBERS, type Transport } from "./mapping.ts";

/** The router's port for PCP and NAT-PMP (RFC 6887 s. 19.1, RFC 6886 s. 3.1). */
export const ROUTER_PORT = 5_351;
export const NONCE_LENGTH = 12;

const VERSION = 2;
const NAT_PMP_VERSION = 0;
const ANNOUNCE = 0;
const MAP = 1;
const RESPONSE = 0x80;
const HEADER_LENGTH = 24;
const MAP_LENGTH = 36;
/** RFC 6887 s. 7. */
const MAX_LENGTH = 1_100;
/** Result codes (RFC 6887 s. 7.4). */
const SUCCESS = 0;
const UNSUPPORTED_VERSION = 1;
const UNSUPPORTED_OPCODE = 4;
/** The first 12 bytes of an IPv4-mapped address (RFC 4291 s. 2.5.5.2). */
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

export interface PcpMapping {
  readonly nonce: Uint8Array;
  readonly transport: Transport;
  readonly internalPort: number;
}

export interface PcpMapRequest extends PcpMapping {
  /** The host's own address, from which the request is sent (RFC 6887 s. 8.1). */
  readonly client: string;
  readonly wantedPort: number;
  /** s; 0 removes the mapping (RFC 6887 s. 15.1). */
  readonly lifetime: number;
}

/** Asks whether there is a PCP server, and for its epoch; changes nothing (RFC 6887 s. 14.1). */
export function encodeAnnounce(client: string): Uint8Array {
  return header(ANNOUNCE, 0, client, HEADER_LENGTH);
}

/** RFC 6887 s. 11.1. */
export function encodeMap(request: PcpMapRequest): Uint8Array {
  const { nonce, transport, internalPort, client, wantedPort, lifetime } = request;
  const packet = header(MAP, lifetime, client, HEADER_LENGTH + MAP_LENGTH);
  const view = new DataView(packet.buffer);
  packet.set(nonce, 24);
  packet[36] = PROTOCOL_NUMBERS[transport];
  view.setUint16(40, internalPort);
  // Removing one names no external port (RFC 6887 s. 15.1).
  view.setUint16(42, lifetime === 0 ? 0 : wantedPort);
  packet.set(MAPPED_PREFIX, 44);
  return packet;
}

export type PcpAnnouncement = { readonly epoch: number } | "other version";

/** @returns null for what answers no `encodeAnnounce` */
export function decodeAnnounce(packet: Uint8Array): PcpAnnouncement | null {
  // A router that only knows NAT-PMP says so in its own format (RFC 6887 appendix A, RFC 6886 s. 3.5).
  if (packet.length >= 4 && packet[0] === NAT_PMP_VERSION && packet[3] === UNSUPPORTED_VERSION) {
    return "other version";
  }
  if (!isResponse(packet, ANNOUNCE)) return null;
  const result = packet[3];
  if (result === UNSUPPORTED_VERSION) return "other version";
  if (result !== SUCCESS && result !== UNSUPPORTED_OPCODE) return null;
  return { epoch: viewOf(packet).getUint32(8) };
}

export interface PcpMapAnswer {
  /** 0 is success (RFC 6887 s. 7.4). */
  readonly result: number;
  readonly epoch: number;
  /** s */
  readonly lifetime: number;
  readonly outerPort: number;
  /** Null when it is none of IPv4. */
  readonly outerAddress: string | null;
}

/** @returns null for what does not answer a request for this mapping (RFC 6887 s. 8.3 and 11.4) */
export function decodeMap(packet: Uint8Array, mapping: PcpMapping): PcpMapAnswer | null {
  if (!isResponse(packet, MAP) || packet.length < HEADER_LENGTH + MAP_LENGTH) return null;
  const view = viewOf(packet);
  const isOurs =
    mapping.nonce.every((byte, index) => packet[24 + index] === byte) &&
    packet[36] === PROTOCOL_NUMBERS[mapping.transport] &&
    view.getUint16(40) === mapping.internalPort;
  if (!isOurs) return null;
  const isIpv4 = MAPPED_PREFIX.every((byte, index) => packet[44 + index] === byte);
  return {
    result: packet[3] ?? 0,
    epoch: view.getUint32(8),
    lifetime: view.getUint32(4),
    outerPort: view.getUint16(42),
    outerAddress: isIpv4 ? packet.subarray(56, 60).join(".") : null,
  };
}

function header(
  opcode: number,
  lifetime: number,
  client: string,
  length: number,
): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(length);
  packet[0] = VERSION;
  packet[1] = opcode;
  viewOf(packet).setUint32(4, lifetime);
  packet.set(MAPPED_PREFIX, 8);
  packet.set(ipBytes(client), 20);
  return packet;
}

/** RFC 6887 s. 8.3. */
function isResponse(packet: Uint8Array, opcode: number): boolean {
  const { length } = packet;
  if (length < HEADER_LENGTH || length > MAX_LENGTH || length % 4 !== 0) return false;
  return packet[0] === VERSION && packet[1] === RESPONSE + opcode;
}

function viewOf(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
}
