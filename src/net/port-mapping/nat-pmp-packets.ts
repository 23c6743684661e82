// Packets of NAT-PMP (RFC 6886), which routers of before PCP speak. Pure. The router takes the host's address from the
// packet that asks.
//
//   address request   version 0 | 0
//   address answer    version 0 | 128 | result (2) | epoch (4) | external address (4)
//   mapping request   version 0 | 1 UDP, 2 TCP | reserved (2) | internal port (2) | external port (2) | lifetime (4)
//   mapping answer    version 0 | 128 + that | result (2) | epoch (4) | internal port (2) | external port (2) | lifetime (4)

import type { Transport } from "./mapping.ts";

const OPCODES: Readonly<Record<Transport, number>> = { udp: 1, tcp: 2 };
const RESPONSE = 128;
const ADDRESS_ANSWER_LENGTH = 12;
const MAPPING_ANSWER_LENGTH = 16;

/** RFC 6886 s. 3.2. */
export function encodeAddressRequest(): Uint8Array {
  return Uint8Array.of(0, 0);
}

export interface NatPmpMapRequest {
  readonly transport: Transport;
  readonly internalPort: number;
  readonly wantedPort: number;
  /** s; 0 removes the mapping (RFC 6886 s. 3.4). */
  readonly lifetime: number;
}

/** RFC 6886 s. 3.3. */
export function encodeMappingRequest(request: NatPmpMapRequest): Uint8Array {
  const { transport, internalPort, wantedPort, lifetime } = request;
  const packet = new Uint8Array(12);
  const view = new DataView(packet.buffer);
  packet[1] = OPCODES[transport];
  view.setUint16(4, internalPort);
  // Removing one names no external port (RFC 6886 s. 3.4).
  view.setUint16(6, lifetime === 0 ? 0 : wantedPort);
  view.setUint32(8, lifetime);
  return packet;
}

export interface NatPmpAddress {
  readonly epoch: number;
  readonly outerAddress: string;
}

/** @returns null for an error, and for what answers no `encodeAddressRequest` */
export function decodeAddress(packet: Uint8Array): NatPmpAddress | null {
  if (packet.length !== ADDRESS_ANSWER_LENGTH || packet[0] !== 0 || packet[1] !== RESPONSE) {
    return null;
  }
  const view = viewOf(packet);
  if (view.getUint16(2) !== 0) return null;
  return { epoch: view.getUint32(4), outerAddress: packet.subarray(8, 12).join(".") };
}

export interface NatPmpMapAnswer {
  /** 0 is success (RFC 6886 s. 3.5). */
  readonly result: number;
  readonly epoch: number;
  readonly outerPort: number;
  /** s */
  readonly lifetime: number;
}

/** @returns null for what does not answer a request for this port */
export function decodeMapping(
  packet: Uint8Array,
  { transport, internalPort }: Pick<NatPmpMapRequest, "transport" | "internalPort">,
): NatPmpMapAnswer | null {
  const opcode = RESPONSE + OPCODES[transport];
  if (packet.length !== MAPPING_ANSWER_LENGTH || packet[0] !== 0 || packet[1] !== opcode) {
    return null;
  }
  const view = viewOf(packet);
  if (view.getUint16(8) !== internalPort) return null;
  return {
    result: view.getUint16(2),
    epoch: view.getUint32(4),
    outerPort: view.getUint16(10),
    lifetime: view.getUint32(12),
  };
}

function viewOf(packet: Uint8Array): DataView {
  return new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
}
