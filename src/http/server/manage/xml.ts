// XML of WebDAV, read with its namespaces, and written. An edge: the runtime parses it.

import type { Buffer } from "node:buffer";

export interface XmlElement {
  readonly namespace: string;
  /** Without a prefix. */
  readonly name: string;
  readonly children: readonly XmlElement[];
}

/** Null if it is malformed, or declares entities: a few lines of those can mean gigabytes. */
export function parseXml(bytes: Buffer): XmlElement | null {
  const text = bytes.toString("utf8");
  if (text.includes("<!DOCTYPE")) return null;
  try {
    return resolve(Bun.XML.parse(text, { compact: false }), new Map());
  } catch {
    return null;
  }
}

interface Parsed {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly unknown[];
}

function isParsed(node: unknown): node is Parsed {
  return typeof node === "object" && node !== null && "attributes" in node && "children" in node;
}

/** @param outer the namespaces of prefixes around it; that of no prefix is under "" */
function resolve(element: Parsed, outer: ReadonlyMap<string, string>): XmlElement {
  const namespaces = new Map(outer);
  for (const [name, value] of Object.entries(element.attributes)) {
    if (name === "xmlns") namespaces.set("", value);
    else if (name.startsWith("xmlns:")) namespaces.set(name.slice("xmlns:".length), value);
  }
  const [prefix = "", local] = element.name.includes(":")
    ? element.name.split(":")
    : ["", element.name];
  return {
    namespace: namespaces.get(prefix) ?? "",
    name: local ?? "",
    children: element.children.filter(isParsed).map((child) => resolve(child, namespaces)),
  };
}

/** Text in an element or an attribute; what XML cannot hold is replaced. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
