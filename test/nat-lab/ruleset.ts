// What a router of the lab does with packets, as a ruleset of nft(8). The link to the host's side is `lan`, the other one `wan`.

import type { RouterKind } from "./kinds.ts";

/** Where miniupnpd writes what it maps; family inet. */
export const MAPPING_CHAINS = [
  "filter miniupnpd",
  "nat prerouting_miniupnpd",
  "nat postrouting_miniupnpd",
];

/**
 * The router's rules. What comes to its WAN side unasked is dropped, as routers do. A router that let it reach its own sockets
 * would answer "port unreachable", and conntrack would remember it: its addresses and ports clash with those of the host's own
 * datagram to the same peer, so that the NAT gives this another port, and no hole is punched.
 */
export function ruleset(kind: RouterKind): string {
  const outgoing = {
    everything: 'iifname "lan" accept',
    "tcp-443": 'iifname "lan" tcp dport 443 accept',
    nothing: "",
  }[kind.outgoing];
  const mapsPorts = kind.service === "port-mapping";
  if (kind.filtering === "endpoint-independent") {
    return `
      table inet filter {
        chain blocked { }
        chain forward { type filter hook forward priority filter; jump blocked; }
      }`;
  }
  return `
    table inet filter {
      chain blocked { }
      chain miniupnpd { }
      chain input {
        type filter hook input priority filter
        iifname "wan" ct state established,related accept
        iifname "wan" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
        iifname "wan" drop
      }
      chain forward {
        type filter hook forward priority filter; policy drop
        jump blocked
        ct state established,related accept
        ${mapsPorts ? "jump miniupnpd" : ""}
        ${outgoing}
      }
      chain output { type filter hook output priority filter; jump blocked; }
    }
    table inet nat {
      chain prerouting_miniupnpd { }
      chain postrouting_miniupnpd { }
      ${mapsPorts ? "chain prerouting { type nat hook prerouting priority dstnat; jump prerouting_miniupnpd; }" : ""}
      chain postrouting {
        type nat hook postrouting priority srcnat
        ${mapsPorts ? "jump postrouting_miniupnpd" : ""}
        ${translation(kind)}
      }
    }`;
}

function translation({ mapping }: RouterKind): string {
  switch (mapping) {
    case "endpoint-independent":
      return 'oifname "wan" meta nfproto ipv4 masquerade';
    case "address-and-port-dependent":
      return 'oifname "wan" meta nfproto ipv4 masquerade fully-random';
    case null:
      return "";
  }
}
