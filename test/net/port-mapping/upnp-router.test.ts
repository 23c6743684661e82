// Routers that map by UPnP, and devices that lie, without sockets: `mapPort` with a router that answers neither PCP nor NAT-PMP.

import { expect, test } from "bun:test";

import { createNetwork, HOME, INTERNAL_PORT, startClient } from "./scripted-network.ts";

const LOCATION = "http://192.168.1.1:5000/rootDesc.xml";
const SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1";
const MAPPED = {
  protocol: "UPnP",
  outer: { address: "203.0.113.10", port: INTERNAL_PORT },
  tcp: true,
  lifetime: 7_200,
} as const;

function error(code: number) {
  return { status: 500, body: `<errorCode>${code}</errorCode>` };
}

/** A router of the network, and its table of mappings: "UDP 12345" -> "HOST:PORT LEASE". */
function setUp({ location = LOCATION, control = "/ctl" } = {}) {
  const network = createNetwork();
  const table = new Map<string, string>();
  const router = {
    outerAddress: "203.0.113.10",
    from: HOME.gateway,
    isUp: true,
    /** Answers to actions instead of its own: null is none, a number an error code. */
    answers: {} as Record<string, number | null>,
    knowsLeases: true,
    /** Another's mapping is replaced, and no error 718. */
    replaces: false,
    actions: [] as string[],
    urls: new Set<string>(),
  };
  network.onQuestion = ({ datagram, to, reply }) => {
    if (
      !router.isUp ||
      to.port !== 1_900 ||
      !Buffer.from(datagram).toString().startsWith("M-SEARCH")
    )
      return;
    const answer = `HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: ${location}\r\n\r\n`;
    reply(Buffer.from(answer), { address: router.from, port: 1_900 });
  };
  network.onRequest = (url, post) => {
    router.urls.add(url.href);
    if (!router.isUp) return null;
    if (post === null) {
      const service = `<serviceType>${SERVICE}</serviceType><controlURL>${control}</controlURL>`;
      return { status: 200, body: `<root><service>${service}</service></root>` };
    }
    const name = post.headers["soapaction"]?.split("#")[1]?.replace('"', "") ?? "";
    const value = (field: string) =>
      new RegExp(`<${field}>(.*)</${field}>`).exec(post.body)?.[1] ?? "";
    const key = `${value("NewProtocol")} ${value("NewExternalPort")}`;
    const client = `${value("NewInternalClient")}:${value("NewInternalPort")}`;
    const lease = value("NewLeaseDuration");
    router.actions.push(name);
    const instead = router.answers[name];
    if (instead === null) return null;
    if (instead !== undefined) return error(instead);
    const entry = table.get(key);
    switch (name) {
      case "AddPortMapping":
        if (!router.knowsLeases && lease !== "0") return error(725);
        if (entry !== undefined && !entry.startsWith(client) && !router.replaces) return error(718);
        table.set(key, `${client} ${lease}`);
        return { status: 200, body: "" };
      case "DeletePortMapping":
        return table.delete(key) ? { status: 200, body: "" } : error(714);
      case "GetSpecificPortMappingEntry": {
        if (entry === undefined) return error(714);
        const [, host, port] = /^(.*):(\d+) /.exec(entry) ?? [];
        return {
          status: 200,
          body: `<NewInternalPort>${port}</NewInternalPort><NewInternalClient>${host}</NewInternalClient>`,
        };
      }
      default:
        return {
          status: 200,
          body: `<NewExternalIPAddress>${router.outerAddress}</NewExternalIPAddress>`,
        };
    }
  };
  return { network, router, table, client: startClient(network) };
}

test("a router maps UDP and TCP for this host within a second, and has nothing left at the end", async () => {
  const { network, table, client } = setUp();
  await network.pass(1_000);
  expect(client.events).toEqual([MAPPED]);
  expect(Object.fromEntries(table)).toEqual({
    "UDP 12345": "192.168.1.2:12345 7200",
    "TCP 12345": "192.168.1.2:12345 7200",
  });
  await client.end();
  expect(table.size).toBe(0);
});

test("a port that another host has is left to it, also at the end (error 718)", async () => {
  const { network, table, client } = setUp();
  table.set("UDP 12345", "192.168.1.66:12345 0");
  await network.pass(1_000);
  const [mapped] = client.events;
  expect(mapped).toEqual({
    ...MAPPED,
    outer: { address: "203.0.113.10", port: expect.any(Number) },
  });
  expect(table.size).toBe(3);
  await client.end();
  expect(Object.fromEntries(table)).toEqual({ "UDP 12345": "192.168.1.66:12345 0" });
});

test.each([
  ["another host", "192.168.1.66:12345 0"],
  ["another program of this host", "192.168.1.2:5000 0"],
])("the port of %s is left to it by a router that would replace its mapping", async (_, entry) => {
  const { network, router, table, client } = setUp();
  router.replaces = true;
  table.set("UDP 12345", entry);
  table.set("TCP 12345", entry);
  await network.pass(1_000);
  const outer = { address: "203.0.113.10", port: expect.any(Number) };
  expect(client.events).toEqual([{ ...MAPPED, outer }]);
  expect(table.get("UDP 12345")).toBe(entry);
  expect(table.get("TCP 12345")).toBe(entry);
  expect(table.size).toBe(4);
  await client.end();
  expect(Object.fromEntries(table)).toEqual({ "UDP 12345": entry, "TCP 12345": entry });
});

test("a mapping of this program from before it was killed is renewed", async () => {
  const { network, router, table, client } = setUp();
  router.replaces = true;
  table.set("UDP 12345", "192.168.1.2:12345 100");
  await network.pass(1_000);
  expect(client.events).toEqual([MAPPED]);
  expect(table.get("UDP 12345")).toBe("192.168.1.2:12345 7200");
  await client.end();
});

test("a port that another host has got meanwhile is left to it at the renewal and at the end", async () => {
  const { network, router, table, client } = setUp();
  router.replaces = true;
  await network.pass(1_000);
  table.set("UDP 12345", "192.168.1.66:12345 0");
  await network.pass(34_000);
  const outer = { address: "203.0.113.10", port: expect.any(Number) };
  expect(client.events).toEqual([MAPPED, { ...MAPPED, outer }]);
  await client.end();
  expect(table.get("UDP 12345")).toBe("192.168.1.66:12345 0");
});

test("a router that knows only mappings without an end makes one of these, removed at our end (error 725)", async () => {
  const { network, router, table, client } = setUp();
  router.knowsLeases = false;
  await network.pass(1_000);
  expect(client.events).toEqual([MAPPED]);
  expect(table.get("UDP 12345")).toBe("192.168.1.2:12345 0");
  await client.end();
  expect(table.size).toBe(0);
});

test("a mapping that the router has forgotten is made again, and one at another address reported", async () => {
  const { network, router, table, client } = setUp();
  await network.pass(1_000);
  table.clear();
  await network.pass(34_000);
  expect(table.size).toBe(2);
  router.outerAddress = "203.0.113.11";
  await network.pass(34_000);
  const moved = { ...MAPPED, outer: { ...MAPPED.outer, address: "203.0.113.11" } };
  expect(client.events).toEqual([MAPPED, moved]);
  await client.end();
});

test("a router that can't say which mappings it has is not asked to make them again and again", async () => {
  const { network, router, client } = setUp();
  router.answers["GetSpecificPortMappingEntry"] = 401;
  await network.pass(600_000);
  expect(client.events).toEqual([MAPPED]);
  expect(router.actions.filter((name) => name === "AddPortMapping")).toHaveLength(2);
  await client.end();
});

test.each([
  ["another host's answer", {}, "192.168.1.66"],
  ["a description on another host", { location: "http://192.168.1.66/rootDesc.xml" }, HOME.gateway],
  ["a service on another host", { control: "http://192.168.1.66/ctl" }, HOME.gateway],
])("%s is not followed", async (_, options, from) => {
  const { network, router, client } = setUp(options);
  router.from = from;
  await network.pass(5_000);
  expect(client.events).toEqual([]);
  expect([...router.urls].filter((url) => !url.startsWith("http://192.168.1.1:5000/"))).toEqual([]);
  expect(router.actions).toEqual([]);
  await client.end();
});

test("a mapping at another port than the wanted one is removed as well when outsiders can't use it", async () => {
  const { network, router, table, client } = setUp();
  table.set("UDP 12345", "192.168.1.66:12345 0");
  router.outerAddress = "10.0.0.7";
  await network.pass(5_000);
  expect(client.events).toEqual([]);
  expect(router.actions).toContain("DeletePortMapping");
  expect(Object.fromEntries(table)).toEqual({ "UDP 12345": "192.168.1.66:12345 0" });
  await client.end();
});

test("a router behind another NAT, which has a private outer address, maps nothing that is reported, and keeps nothing", async () => {
  const { network, router, table, client } = setUp();
  router.outerAddress = "10.0.0.7";
  await network.pass(5_000);
  expect(client.events).toEqual([]);
  expect(table.size).toBe(0);
  await client.end();
});

test.each(["AddPortMapping", "GetExternalIPAddress"])(
  "a router that doesn't answer %s, or refuses it, maps nothing",
  async (name) => {
    for (const answer of [null, 606]) {
      const { network, router, client } = setUp();
      router.answers[name] = answer;
      await network.pass(10_000);
      expect(client.events).toEqual([]);
      await client.end();
    }
  },
);
