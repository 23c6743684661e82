import { expect, test } from "bun:test";

import { inTurns, resolve } from "../../src/net/resolve.ts";

test.each(["127.0.0.1", "192.0.2.1", "::1", "2001:db8::1"])(
  "the IP address %s resolves to itself",
  async (host) => {
    expect(await resolve({ host, port: 12345 })).toEqual([{ address: host, port: 12345 }]);
  },
);

test("localhost resolves to loopback addresses with the port (RFC 6761 s. 6.3)", async () => {
  const found = await resolve({ host: "localhost", port: 80 });
  expect(found).not.toBeEmpty();
  for (const address of found) {
    expect([
      { address: "127.0.0.1", port: 80 },
      { address: "::1", port: 80 },
    ]).toContainEqual(address);
  }
});

test("a name in .invalid is UNKNOWN_HOST, with the resolver's error as its cause (RFC 6761 s. 6.4)", async () => {
  const error: unknown = await resolve({ host: "nobody.invalid", port: 80 }).catch(
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({
    code: "UNKNOWN_HOST",
    message: 'unknown host "nobody.invalid"',
    hint: "check the spelling, or give its IP address",
    cause: expect.any(Error),
  });
});

test.each([
  [
    ["2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", "2001:db8::3"],
    ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"],
  ],
  [
    ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"],
    ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3"],
  ],
  [
    ["2001:db8::1", "2001:db8::2"],
    ["2001:db8::1", "2001:db8::2"],
  ],
  [[], []],
])("the families of %j take turns, the preferred one first (RFC 8305 s. 4)", (found, tried) => {
  expect(inTurns(found)).toEqual(tried);
});

test("every address of this machine, as a destination, is this machine", async () => {
  expect(await resolve({ host: "0.0.0.0", port: 1 })).toEqual([{ address: "127.0.0.1", port: 1 }]);
  expect(await resolve({ host: "::", port: 1 })).toEqual([{ address: "::1", port: 1 }]);
});
