import { describe, expect, test } from "bun:test";

import type { DnsMessage, DnsRecord, Question } from "../../../src/net/discovery/dns-message.ts";
import {
  answersTo,
  asLabel,
  recordsOf,
  type Service,
  SERVICE_TYPE,
  servicesIn,
} from "../../../src/net/discovery/service.ts";

const SERVICE: Service = {
  instance: "ana on laptop",
  host: "charla-1f0c9a2b-12345",
  port: 12345,
  fingerprint: "SHA256:mlXgEBHGj9bRDuhuAgFM2/j9NSpAuCsYBjKqHEIK7f4",
  isOpen: true,
};
const NAME = ["ana on laptop", ...SERVICE_TYPE];

function response(answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = []) {
  const message: DnsMessage = {
    id: 0,
    isResponse: true,
    questions: [],
    answers,
    authorities: [],
    additionals,
  };
  return message;
}

describe("a server", () => {
  test("is announced with its name, port, fingerprint and whether it is open, and nothing else", () => {
    const own = ["charla-1f0c9a2b-12345", "local"];
    expect(recordsOf(SERVICE, "192.168.1.5")).toEqual([
      { type: "PTR", name: SERVICE_TYPE, target: NAME, ttl: 4_500, flush: false },
      { type: "SRV", name: NAME, port: 12345, target: own, ttl: 120, flush: true },
      {
        type: "TXT",
        name: NAME,
        texts: ["txtvers=1", `key=${SERVICE.fingerprint}`, "open=1"],
        ttl: 4_500,
        flush: true,
      },
      { type: "A", name: own, address: "192.168.1.5", ttl: 120, flush: true },
    ]);
    const [, , txt] = recordsOf({ ...SERVICE, isOpen: false }, "192.168.1.5");
    expect(txt).toMatchObject({ texts: ["txtvers=1", `key=${SERVICE.fingerprint}`] });
  });

  test("is found in a response that describes it as a whole, in any section", () => {
    const [pointer, ...others] = recordsOf(SERVICE, "192.168.1.5");
    if (pointer === undefined) throw new Error("no pointer");
    const found = [{ ...SERVICE, address: "192.168.1.5" }];
    expect(servicesIn(response([pointer, ...others]), "192.168.1.5")).toEqual(found);
    expect(servicesIn(response([pointer], others), "192.168.1.5")).toEqual(found);
  });

  test("is reached where its answer came from, if that is one of its addresses", () => {
    const several = [
      ...recordsOf(SERVICE, "10.0.0.1"),
      ...recordsOf(SERVICE, "192.168.1.5").slice(3),
    ];
    expect(servicesIn(response(several), "192.168.1.5")).toMatchObject([
      { address: "192.168.1.5" },
    ]);
    // A proxy answers for a machine that sleeps.
    expect(servicesIn(response(several), "192.168.1.9")).toMatchObject([{ address: "10.0.0.1" }]);
  });

  test.each([
    ["PTR", 0],
    ["SRV", 1],
    ["TXT", 2],
    ["A", 3],
  ])("is not found without its record %s", (_type, index) => {
    const records = recordsOf(SERVICE, "192.168.1.5").toSpliced(index, 1);
    expect(servicesIn(response(records), "192.168.1.5")).toEqual([]);
  });

  test("is not found in a question, in a goodbye, at port 0, or under another type of service", () => {
    const records = recordsOf(SERVICE, "192.168.1.5");
    const asked = { ...response(records), isResponse: false };
    expect(servicesIn(asked, "192.168.1.5")).toEqual([]);
    const goodbye = recordsOf(SERVICE, "192.168.1.5", { maxTtl: 0 });
    expect(servicesIn(response(goodbye), "192.168.1.5")).toEqual([]);
    const closed = recordsOf({ ...SERVICE, port: 0 }, "192.168.1.5");
    expect(servicesIn(response(closed), "192.168.1.5")).toEqual([]);
    const other: DnsRecord = {
      type: "PTR",
      name: SERVICE_TYPE,
      target: ["a", "_http", "_tcp", "local"],
      ttl: 1,
      flush: false,
    };
    expect(servicesIn(response([other, ...records.slice(1)]), "192.168.1.5")).toEqual([]);
  });
});

const types = (name: readonly string[], type: Question["type"]) =>
  answersTo({ name, type }, SERVICE, "10.0.0.1").map((record) => record.type);

describe("a question", () => {
  const all: DnsRecord["type"][] = ["PTR", "SRV", "TXT", "A"];

  test("for the type, the name or the host is answered with all of the service", () => {
    expect(types(SERVICE_TYPE, "PTR")).toEqual(all);
    expect(types(["_CHARLA", "_UDP", "LOCAL"], "ANY")).toEqual(all);
    expect(types(NAME, "SRV")).toEqual(all);
    expect(types(NAME, "TXT")).toEqual(all);
    expect(types(["charla-1f0c9a2b-12345", "local"], "A")).toEqual(all);
  });

  test("for the types that there are is answered with the type", () => {
    const name = ["_services", "_dns-sd", "_udp", "local"];
    expect(answersTo({ name, type: "PTR" }, SERVICE, "10.0.0.1")).toEqual([
      { type: "PTR", name, target: SERVICE_TYPE, ttl: 4_500, flush: false },
    ]);
  });

  test("for something else is not answered", () => {
    expect(types(SERVICE_TYPE, "SRV")).toEqual([]);
    expect(types(["_http", "_tcp", "local"], "PTR")).toEqual([]);
    expect(types(["ben", ...SERVICE_TYPE], "ANY")).toEqual([]);
  });
});

test("a label has at most 63 bytes, and ends with a whole character", () => {
  expect(asLabel("a".repeat(100))).toBe("a".repeat(63));
  expect(asLabel("💻".repeat(100))).toBe("💻".repeat(15));
  expect(asLabel("ana")).toBe("ana");
});
