import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import type { NetworkInterfaceInfo } from "node:os";
import { join } from "node:path";

import { checkAddresses } from "../../src/doctor/addresses.ts";
import { checkFamily, describePortInUse } from "../../src/doctor/binding.ts";
import { checkFolder } from "../../src/doctor/folders.ts";
import { findPortOwner, socketsAt } from "../../src/doctor/port-owner.ts";
import { describeReceiveBuffer } from "../../src/doctor/receive-buffer.ts";
import { openUdpSocket } from "../../src/net/udp-socket.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";

function info(address: string): NetworkInterfaceInfo {
  const mac = "02:00:00:00:00:01";
  return { family: "IPv4", address, netmask: "", mac, internal: false, cidr: null };
}

describe("addresses", () => {
  test("are told by from how far they lead here, with what to do where it is not far", () => {
    const checks = checkAddresses({
      eth0: [info("198.51.100.7"), info("192.168.1.5"), info("100.64.0.9")],
      wlan0: [info("10.0.0.5"), info("169.254.3.4")],
    });
    expect(checks.map(({ status, message, value }) => ({ status, message, value }))).toEqual([
      {
        status: "ok",
        message: "198.51.100.7 reaches this machine from everywhere, where no firewall forbids it",
        value: ["198.51.100.7"],
      },
      {
        status: "note",
        message: "192.168.1.5, 10.0.0.5 reach this machine from the same network only",
        value: ["192.168.1.5", "10.0.0.5"],
      },
      {
        status: "note",
        message: "100.64.0.9 reaches this machine from your provider's network only",
        value: ["100.64.0.9"],
      },
    ]);
  });

  test("a machine without a network is told so", () => {
    expect(checkAddresses({})).toMatchObject([{ status: "note", value: [] }]);
  });
});

describe("the receive buffer", () => {
  test.each([
    [8_388_608, "linux", "ok", 4_194_304],
    [425_984, "linux", "note", 212_992],
    [4_194_304, "darwin", "ok", 4_194_304],
  ] as const)("%d as %s counts is %s", (told, platform, status, granted) => {
    const check = describeReceiveBuffer(told, platform);
    expect(check).toMatchObject({ status, value: { granted, wanted: 4_194_304 } });
  });

  test("what to set is told to whoever has too little", () => {
    expect(describeReceiveBuffer(425_984, "linux")).toMatchObject({
      message:
        "a socket may hold 208 KiB, less than the 4096 KiB that bursts to a busy server want",
      hint: expect.stringContaining("sysctl -w net.core.rmem_max=4194304"),
    });
    expect(describeReceiveBuffer(null, "plan9").status).toBe("note");
  });
});

describe("who has a port", () => {
  const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 0100007F:3039 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 0000000000000000 0
  205: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
`;

  test("is found in the kernel's table by its number", () => {
    expect(socketsAt(TABLE, 12_345)).toEqual(["socket:[4711]"]);
    expect(socketsAt(TABLE, 53)).toEqual(["socket:[4712]"]);
    expect(socketsAt(TABLE, 305)).toEqual([]);
    expect(socketsAt("", 53)).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")("is this program, where it is", async () => {
    using socket = await openUdpSocket({ port: 0, onDatagram() {}, onError() {} });
    const owner = await findPortOwner(socket.address.port);
    expect(owner?.processId).toBe(process.pid);
    expect(owner?.command).not.toBe("");
  });

  test("is told with what to do", () => {
    const check = describePortInUse({ processId: 7, command: "ncat -ul 12345" });
    expect(check).toMatchObject({
      status: "note",
      message: "UDP port 12345 is in use by ncat -ul 12345 (process 7)",
    });
    expect(describePortInUse(null).message).toEndWith("by another program");
  });
});

describe("a folder", () => {
  const USER = process.geteuid?.();
  const check = (folder: string, user = USER) =>
    checkFolder("data-folder", "XDG_DATA_HOME", folder, user);

  test("that is there and one's own is fine, and so is one that can be made", () => {
    using base = temporaryFolder();
    expect(check(base.path).status).toBe("ok");
    expect(check(join(base.path, "not", "yet"))).toMatchObject({
      status: "ok",
      message: `${join(base.path, "not", "yet")} is made when it is needed`,
    });
  });

  test("that others may write to is a problem", () => {
    using base = temporaryFolder();
    chmodSync(base.path, 0o770);
    expect(check(base.path)).toMatchObject({
      status: "problem",
      hint: `make it yours alone: chmod 700 ${JSON.stringify(base.path)}`,
      value: { mode: "770" },
    });
    chmodSync(base.path, 0o700);
    expect(check(base.path, 54_321).status).toBe("problem");
  });

  test("whose place a file has is a problem", () => {
    using base = temporaryFolder();
    const file = join(base.path, "file");
    writeFileSync(file, "");
    expect(check(file).message).toBe(`${file} is not a folder`);
    expect(check(join(file, "charla")).status).toBe("problem");
  });

  test.skipIf(USER === 0)("that may not be written to is a problem", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "closed");
    mkdirSync(folder, { mode: 0o500 });
    expect(check(folder).status).toBe("problem");
    expect(check(join(folder, "charla")).message).toContain("cannot be made");
  });
});

test("a family that works is found to work", async () => {
  expect(await checkFamily("IPv4", "127.0.0.1")).toEqual({
    name: "ipv4",
    status: "ok",
    message: "IPv4 works on this machine",
  });
});

test("an address that this machine does not have is no family of its", async () => {
  expect(await checkFamily("IPv6", "2001:db8::1")).toMatchObject({ name: "ipv6", status: "note" });
});
