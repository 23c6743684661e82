import { describe, expect, test } from "bun:test";

import { loadSocketLibrary, loadSocketTuner } from "../../src/net/socket-calls.ts";
import {
  applyOptions,
  LARGE_RECEIVE_BUFFER,
  libraryName,
  NOTHING_IN_FORCE,
  segmentSizeOption,
  type SocketCalls,
} from "../../src/net/socket-options.ts";

const LINUX = { platform: "linux", release: "6.18.44" };
const MACOS_14 = { platform: "darwin", release: "23.6.0" };
const MACOS_15 = { platform: "darwin", release: "24.0.0" };

type Call = [level: number, name: number, value: number];

/** A system on which every option can be set except the `refused` ones. */
function recorder(refused: number[] = []): SocketCalls & { made: Call[] } {
  const made: Call[] = [];
  return {
    made,
    get: () => 8_388_608,
    set({ level, name }, value) {
      made.push([level, name, value]);
      return !refused.includes(name);
    },
  };
}

describe("dontFragment", () => {
  test.each([
    ["Linux, IPv4: IP_MTU_DISCOVER", LINUX, "0.0.0.0", [[0, 10, 3]]],
    [
      "Linux, both families: IPV6_MTU_DISCOVER, too",
      LINUX,
      "::",
      [
        [41, 23, 3],
        [0, 10, 3],
      ],
    ],
    ["macOS, IPv4: IP_DONTFRAG", MACOS_14, "0.0.0.0", [[0, 28, 1]]],
    ["macOS, IPv6: IPV6_DONTFRAG", MACOS_14, "2001:db8::1", [[41, 62, 1]]],
    ["macOS from 15 on, both families: IPV6_DONTFRAG", MACOS_15, "::", [[41, 62, 1]]],
  ] as [string, typeof LINUX, string, Call[]][])("on %s", (_title, system, address, expected) => {
    const calls = recorder();
    const inForce = applyOptions(calls, system, address, { dontFragment: true });
    expect(inForce).toEqual({ receiveBuffer: null, dontFragment: true });
    expect(calls.made).toEqual(expected);
  });

  test("macOS before 15 cannot forbid the fragmentation of IPv4 datagrams on a dual-stack socket", () => {
    expect(applyOptions(recorder(), MACOS_14, "::", { dontFragment: true }).dontFragment).toBe(
      false,
    );
  });

  test.each([[10], [23]])(
    "dontFragment is off where Linux refuses one of its two options, %d",
    (name) => {
      const { dontFragment } = applyOptions(recorder([name]), LINUX, "::", { dontFragment: true });
      expect(dontFragment).toBe(false);
    },
  );
});

describe("a receive buffer", () => {
  test.each([
    ["Linux", LINUX, [1, 8]],
    ["macOS", MACOS_14, [0xffff, 0x1002]],
  ] as const)(
    "a receive buffer on %s is set, and reported as the system counts it",
    (_title, system, [level, name]) => {
      const calls = recorder();
      const inForce = applyOptions(calls, system, "::", { receiveBuffer: LARGE_RECEIVE_BUFFER });
      expect(inForce).toEqual({ receiveBuffer: 8_388_608, dontFragment: false });
      expect(calls.made).toEqual([[level, name, 4_194_304]]);
    },
  );
});

test("GSO exists on Linux only (UDP_SEGMENT)", () => {
  expect(segmentSizeOption(LINUX)).toEqual({ level: 17, name: 103 });
  expect(segmentSizeOption(MACOS_15)).toBeNull();
  expect(segmentSizeOption({ platform: "win32", release: "10.0.26100" })).toBeNull();
});

test("options that are not requested are not set", () => {
  const calls = recorder();
  expect(applyOptions(calls, LINUX, "::", {})).toEqual(NOTHING_IN_FORCE);
  expect(calls.made).toEqual([]);
});

test("no option is set on a system whose numbers are not known", () => {
  const windows = { platform: "win32", release: "10.0.26100" };
  const calls = recorder();
  expect(libraryName(windows)).toBeNull();
  expect(applyOptions(calls, windows, "::", { receiveBuffer: 1, dontFragment: true })).toEqual(
    NOTHING_IN_FORCE,
  );
  expect(calls.made).toEqual([]);
});

test("a missing C library is not an error", async () => {
  expect(await loadSocketLibrary("libnobody-has-this.so.1")).toBeNull();
});

test("there are no calls for a closed socket, or for anything else", async () => {
  const fileName = libraryName({ platform: process.platform, release: "" });
  if (fileName === null) return;
  using library = await loadSocketLibrary(fileName);
  expect(library?.callsFor({ fd: -1 })).toBeNull();
  expect(library?.callsFor({})).toBeNull();
});

test("on a system whose C library is not there, or not known, no option is set, and that is no error", async () => {
  const wanted = { receiveBuffer: LARGE_RECEIVE_BUFFER, dontFragment: true, gso: true };
  for (const platform of ["win32", "freebsd", "sunos"]) {
    expect(await loadSocketTuner(wanted, platform)).toBeNull();
  }
});
