// Routers that map ports by PCP or NAT-PMP, both asked at the same UDP port.

import { type EpochReading, keptState } from "./epoch.ts";
import { type Clock, type Exchange, PATIENT, QUICK } from "./exchange.ts";
import type { Place } from "./gateway.ts";
import {
  type Grant,
  type MappingRouter,
  type Transport,
  usableGrant,
  WANTED_LIFETIME,
} from "./mapping.ts";
import {
  decodeAddress,
  decodeMapping,
  encodeAddressRequest,
  encodeMappingRequest,
} from "./nat-pmp-packets.ts";
import {
  decodeAnnounce,
  decodeMap,
  encodeAnnounce,
  encodeMap,
  NONCE_LENGTH,
} from "./pcp-packets.ts";

export interface RouterOptions {
  readonly place: Place;
  readonly internalPort: number;
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** @returns null when no PCP server answers */
export async function findPcpRouter(options: RouterOptions): Promise<MappingRouter | null> {
  const { place, internalPort, exchange, clock, randomBytes } = options;
  const client = place.own;
  const found = await exchange.ask(encodeAnnounce(client), QUICK, decodeAnnounce);
  if (found === null || found === "other version") return null;
  const epochs = createEpochs(clock, found.epoch);
  // Of each mapping its own, for as long as this router is asked: only with it can the mapping be changed (RFC 6887 s. 11.1).
  const nonces = { udp: randomBytes(NONCE_LENGTH), tcp: randomBytes(NONCE_LENGTH) };

  async function ask(transport: Transport, wantedPort: number, lifetime: number) {
    const mapping = { nonce: nonces[transport], transport, internalPort };
    const request = encodeMap({ ...mapping, client, wantedPort, lifetime });
    const answer = await exchange.ask(request, PATIENT, (packet) => decodeMap(packet, mapping));
    if (answer !== null) epochs.accept(answer.epoch);
    return answer;
  }

  return {
    protocol: "PCP",
    async map(transport, wantedPort) {
      const answer = await ask(transport, wantedPort, WANTED_LIFETIME);
      if (answer === null || answer.result !== 0) return null;
      return usableGrant(answer.outerAddress ?? "", answer.outerPort, answer.lifetime);
    },
    async unmap(transport) {
      await ask(transport, 0, 0);
    },
    async check() {
      const answer = await exchange.ask(encodeAnnounce(client), PATIENT, decodeAnnounce);
      if (answer === null || answer === "other version") return "no answer";
      // A router that gets another address starts a new epoch as well (RFC 6887 s. 8.5).
      return epochs.isKept(answer.epoch) ? "kept" : "lost";
    },
  };
}

/** @returns null when no NAT-PMP server answers */
export async function findNatPmpRouter(options: RouterOptions): Promise<MappingRouter | null> {
  const { internalPort, exchange, clock } = options;
  const found = await exchange.ask(encodeAddressRequest(), QUICK, decodeAddress);
  if (found === null) return null;
  const epochs = createEpochs(clock, found.epoch);
  let { outerAddress } = found;

  async function ask(transport: Transport, wantedPort: number, lifetime: number) {
    const request = { transport, internalPort, wantedPort, lifetime };
    const answer = await exchange.ask(encodeMappingRequest(request), PATIENT, (packet) =>
      decodeMapping(packet, request),
    );
    if (answer !== null) epochs.accept(answer.epoch);
    return answer;
  }

  return {
    protocol: "NAT-PMP",
    async map(transport, wantedPort): Promise<Grant | null> {
      const answer = await ask(transport, wantedPort, WANTED_LIFETIME);
      if (answer === null || answer.result !== 0) return null;
      return usableGrant(outerAddress, answer.outerPort, answer.lifetime);
    },
    async unmap(transport) {
      await ask(transport, 0, 0);
    },
    async check(outer) {
      const answer = await exchange.ask(encodeAddressRequest(), PATIENT, decodeAddress);
      if (answer === null) return "no answer";
      ({ outerAddress } = answer);
      const isKept = epochs.isKept(answer.epoch);
      return isKept && outerAddress === outer.address ? "kept" : "lost";
    },
  };
}

function createEpochs(clock: Clock, first: number) {
  let last: EpochReading = { epoch: first, time: clock.now() };
  /** Of an answer that made or renewed a mapping: what was before doesn't matter. */
  const accept = (epoch: number): void => {
    last = { epoch, time: clock.now() };
  };
  return {
    accept,
    isKept(epoch: number): boolean {
      const before = last;
      accept(epoch);
      return keptState(before, last);
    },
  };
}
