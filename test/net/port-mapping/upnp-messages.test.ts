import { expect, test } from "bun:test";

import {
  addPortMapping,
  decodeAddress,
  decodeDescription,
  decodeErrorCode,
  decodeSearchAnswer,
  decodeTarget,
  deletePortMapping,
  encodeAction,
  encodeSearch,
  getPortMapping,
} from "../../../src/net/port-mapping/upnp-messages.ts";
import { cpuTime } from "../../harness/cpu-time.ts";

const GATEWAY = "192.168.1.1";
const LOCATION = new URL("http://192.168.1.1:5000/rootDesc.xml");
const IP_CONNECTION = "urn:schemas-upnp-org:service:WANIPConnection:1";

function searchAnswer(location: string, status = "HTTP/1.1 200 OK"): Uint8Array {
  return Buffer.from(`${status}\r\nCACHE-CONTROL: max-age=120\r\nLocation: ${location}\r\n\r\n`);
}

function description(services: readonly (readonly [string, string])[]): string {
  const blocks = services.map(
    ([type, path]) =>
      `<service><serviceType>${type}</serviceType><controlURL>${path}</controlURL></service>`,
  );
  return `<?xml version="1.0"?><root><device><serviceList>${blocks.join("")}</serviceList></device></root>`;
}

test("a router is searched for by M-SEARCH (UPnP Device Architecture 1.1, s. 1.3.2)", () => {
  expect(Buffer.from(encodeSearch()).toString()).toBe(
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\n' +
      "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n",
  );
});

test("its description is where its answer says (s. 1.3.3)", () => {
  expect(decodeSearchAnswer(searchAnswer(LOCATION.href), GATEWAY)?.href).toBe(LOCATION.href);
});

test.each([
  "http://192.168.1.66:5000/rootDesc.xml",
  "http://192.168.1.1.evil.example/",
  "http://192.168.1.1@evil.example/",
  "https://192.168.1.1/",
  "file:///etc/passwd",
  "//192.168.1.1/x",
  "rootDesc.xml",
  "",
])("a description at %p is not that of the gateway", (location) => {
  expect(decodeSearchAnswer(searchAnswer(location), GATEWAY)).toBe(null);
});

test("what is no answer to a search names no description", () => {
  expect(decodeSearchAnswer(searchAnswer(LOCATION.href, "NOTIFY * HTTP/1.1"), GATEWAY)).toBe(null);
  expect(decodeSearchAnswer(new Uint8Array(), GATEWAY)).toBe(null);
  expect(decodeSearchAnswer(new Uint8Array(1_500).fill(0xff), GATEWAY)).toBe(null);
  expect(decodeSearchAnswer(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), GATEWAY)).toBe(null);
});

test("a description names the service that maps ports, and where it is asked (s. 2.3)", () => {
  const layer3 = ["urn:schemas-upnp-org:service:Layer3Forwarding:1", "/ctl/L3F"] as const;
  for (const type of [
    IP_CONNECTION,
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
  ]) {
    const control = decodeDescription(
      description([layer3, [type, "/ctl?a=1&amp;b=2"]]),
      LOCATION,
      GATEWAY,
    );
    expect(control?.service).toBe(type);
    expect(control?.url.href).toBe("http://192.168.1.1:5000/ctl?a=1&b=2");
  }
  expect(decodeDescription(description([layer3]), LOCATION, GATEWAY)).toBe(null);
});

test("a service that is asked at another host is none", () => {
  const evil = [IP_CONNECTION, "http://evil.example/ctl"] as const;
  expect(decodeDescription(description([evil]), LOCATION, GATEWAY)).toBe(null);
  const both = description([evil, [IP_CONNECTION, "/ctl"]]);
  expect(decodeDescription(both, LOCATION, GATEWAY)?.url.pathname).toBe("/ctl");
});

test("64 KiB of elements without an end are read in a moment", () => {
  const start = cpuTime();
  expect(decodeDescription("<service>".repeat(7_281), LOCATION, GATEWAY)).toBe(null);
  const open = "<service><serviceType>".repeat(2_978);
  expect(decodeDescription(open, LOCATION, GATEWAY)).toBe(null);
  expect(decodeAddress("<NewExternalIPAddress>".repeat(2_978))).toBe(null);
  expect(cpuTime() - start).toBeLessThan(1_000);
});

test("a mapping is made for this host's own address (WANIPConnection:1 s. 2.4.16)", () => {
  const mapping = { transport: "udp", outerPort: 12_346 } as const;
  const action = addPortMapping(mapping, {
    own: "192.168.1.2",
    internalPort: 12_345,
    lifetime: 7_200,
  });
  expect(encodeAction(action, IP_CONNECTION)).toBe(
    '<?xml version="1.0"?>\r\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" ' +
      's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>' +
      '<u:AddPortMapping xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">' +
      "<NewRemoteHost></NewRemoteHost><NewExternalPort>12346</NewExternalPort>" +
      "<NewProtocol>UDP</NewProtocol><NewInternalPort>12345</NewInternalPort>" +
      "<NewInternalClient>192.168.1.2</NewInternalClient><NewEnabled>1</NewEnabled>" +
      "<NewPortMappingDescription>charla</NewPortMappingDescription>" +
      "<NewLeaseDuration>7200</NewLeaseDuration></u:AddPortMapping></s:Body></s:Envelope>\r\n",
  );
});

test("it is looked up and removed by its outer port and protocol (WANIPConnection:1 s. 2.4.15 and 2.4.17)", () => {
  const fields: [string, string | number][] = [
    ["NewRemoteHost", ""],
    ["NewExternalPort", 12_346],
    ["NewProtocol", "TCP"],
  ];
  const mapping = { transport: "tcp", outerPort: 12_346 } as const;
  expect(getPortMapping(mapping)).toEqual({
    name: "GetSpecificPortMappingEntry",
    arguments: fields,
  });
  expect(deletePortMapping(mapping)).toEqual({
    name: "DeletePortMapping",
    arguments: fields,
  });
});

test("answers name the outer address, where a mapping leads, or the error", () => {
  expect(decodeAddress("<a><NewExternalIPAddress> 203.0.113.10 </NewExternalIPAddress></a>")).toBe(
    "203.0.113.10",
  );
  for (const address of ["192.168.0.1", "0.0.0.0", "", "evil.example", "203.0.113.10/24"]) {
    expect(decodeAddress(`<NewExternalIPAddress>${address}</NewExternalIPAddress>`)).toBe(null);
  }
  const client = "<NewInternalClient>192.168.1.2</NewInternalClient>";
  expect(decodeTarget(`<NewInternalPort>4000</NewInternalPort>${client}`)).toEqual({
    client: "192.168.1.2",
    port: 4_000,
  });
  expect(decodeTarget(client)).toEqual({ client: "192.168.1.2", port: null });
  expect(decodeTarget("<NewInternalPort>many</NewInternalPort>")).toEqual({
    client: null,
    port: null,
  });
  expect(decodeErrorCode("<errorCode>725</errorCode>")).toBe(725);
  expect(decodeErrorCode("<errorCode>many</errorCode>")).toBe(null);
  expect(decodeErrorCode("")).toBe(null);
});
