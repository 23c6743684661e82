// What a server announces of itself on its network, as the records of DNS-SD (RFC 6763), and how they are read again. Pure. No
// secret is in them, and nothing that is read of them is trusted: the session proves who the server is.
//
//   PTR  _charla._udp.local                -> ana on laptop._charla._udp.local
//   SRV  ana on laptop._charla._udp.local  -> laptop-1f0c.local, port 12345
//   TXT  ana on laptop._charla._udp.local  -> txtvers=1, key=SHA256:..., open=1
//   A    laptop-1f0c.local                 -> 192.168.1.5

import {
  type DnsMessage,
  type DnsRecord,
  isSameName,
  MAX_LABEL,
  type Name,
  type Question,
} from "./dns-message.ts";

export const SERVICE_TYPE: Name = ["_charla", "_udp", "local"];
/** Who asks for it learns which types of services there are (RFC 6763 s. 9). */
const ALL_TYPES: Name = ["_services", "_dns-sd", "_udp", "local"];

export interface Service {
  /** For people: one label, so at most 63 bytes, of any characters. */
  readonly instance: string;
  /** One label, for this server only. */
  readonly host: string;
  readonly port: number;
  /** Of the server's key. */
  readonly fingerprint: string;
  /** Anyone may join, without an invitation. */
  readonly isOpen: boolean;
}

export interface FoundService extends Service {
  readonly address: string;
}

/** Seconds that others may keep what names a host, and all the rest (RFC 6762 s. 10). */
const HOST_TTL = 120;
const OTHER_TTL = 4_500;

export function instanceName({ instance }: Pick<Service, "instance">): Name {
  return [instance, ...SERVICE_TYPE];
}

export function hostName({ host }: Pick<Service, "host">): Name {
  return [host, "local"];
}

/** How records are sent: to the group, for good, unless something else is asked for. */
export interface RecordForm {
  /** Seconds; 0 takes them back. */
  readonly maxTtl?: number;
  readonly flush?: boolean;
}

/** @param address at which the interface's network reaches the server */
export function recordsOf(
  service: Service,
  address: string,
  { maxTtl = Infinity, flush = true }: RecordForm = {},
): DnsRecord[] {
  const name = instanceName(service);
  const target = hostName(service);
  const ttl = Math.min(OTHER_TTL, maxTtl);
  const hostTtl = Math.min(HOST_TTL, maxTtl);
  const txt = ["txtvers=1", `key=${service.fingerprint}`, ...(service.isOpen ? ["open=1"] : [])];
  return [
    { type: "PTR", name: SERVICE_TYPE, target: name, ttl, flush: false },
    { type: "SRV", name, port: service.port, target, ttl: hostTtl, flush },
    { type: "TXT", name, texts: txt, ttl, flush },
    { type: "A", name: target, address, ttl: hostTtl, flush },
  ];
}

/** What answers a question: all of the service, or that there are services of this type; none if it is about something else. */
export function answersTo(
  { name, type }: Question,
  service: Service,
  address: string,
  form: RecordForm = {},
): readonly DnsRecord[] {
  const is = (owned: Name, ...types: readonly Question["type"][]) =>
    isSameName(name, owned) && (type === "ANY" || types.includes(type));
  if (is(ALL_TYPES, "PTR")) {
    const ttl = Math.min(OTHER_TTL, form.maxTtl ?? Infinity);
    return [{ type: "PTR", name: ALL_TYPES, target: SERVICE_TYPE, ttl, flush: false }];
  }
  const isAsked =
    is(SERVICE_TYPE, "PTR") ||
    is(instanceName(service), "SRV", "TXT") ||
    is(hostName(service), "A");
  return isAsked ? recordsOf(service, address, form) : [];
}

/** Text for one label: shortened to so many bytes, between characters. */
export function asLabel(text: string, maxBytes: number = MAX_LABEL): string {
  let label = "";
  for (const letter of text) {
    if (Buffer.byteLength(label + letter) > maxBytes) break;
    label += letter;
  }
  return label;
}

/**
 * The services that a response describes as a whole.
 *
 * @param source where it came from; it wins among the addresses that a service has
 */
export function servicesIn(message: DnsMessage, source: string): FoundService[] {
  if (!message.isResponse) return [];
  const records = [...message.answers, ...message.additionals].filter(({ ttl }) => ttl > 0);
  return records.flatMap((pointer): FoundService[] => {
    if (pointer.type !== "PTR" || !isSameName(pointer.name, SERVICE_TYPE)) return [];
    const [instance, ...type] = pointer.target;
    if (instance === undefined || !isSameName(type, SERVICE_TYPE)) return [];
    let server: { port: number; target: Name } | null = null;
    let texts: readonly string[] = [];
    for (const record of records) {
      if (!isSameName(record.name, pointer.target)) continue;
      if (record.type === "SRV") server = record;
      if (record.type === "TXT") ({ texts } = record);
    }
    if (server === null || server.port === 0) return [];
    const { port, target } = server;
    const addresses = records.flatMap((record) =>
      record.type === "A" && isSameName(record.name, target) ? [record.address] : [],
    );
    const address = addresses.includes(source) ? source : addresses[0];
    const fingerprint = valueOf(texts, "key");
    if (address === undefined || fingerprint === null) return [];
    const isOpen = valueOf(texts, "open") === "1";
    return [{ instance, host: target[0] ?? "", port, fingerprint, isOpen, address }];
  });
}

/** Keys are compared without their case, and the first counts (RFC 6763 s. 6.4). */
function valueOf(texts: readonly string[], key: string): string | null {
  const text = texts.find((each) => each.toLowerCase().startsWith(`${key}=`));
  return text === undefined ? null : text.slice(key.length + 1);
}
