import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import type { NetworkInterfaceInfo } from "node:os";
import { join } from "node:path";

import { openUdpSocket } from "#udp-socket";

import { checkFolder } from "../../src/doctor/folders.ts";
import { describePortInUse, findPortOwner, socketsAt } from "../../src/doctor/port.ts";
import {
  checkAddresses,
  checkFamily,
  describeReceiveBuffer,
} from "../../src/doctor/this-machine.ts";
import { temporaryFolder } from "../identity/temporary-folder.ts";

function info(address: string): NetworkInterfaceInfo {
  const mac = "02:00:00:00:00:01";
  return { family: "IPv4", address, netmask: "", mac, internal: false, cidr: null };
}

describe("addresses", () => {
  test("addresses are grouped by the networks from which they reach this machine", () => {
    const checks = checkAddresses({
      eth0: [info("198.51.100.7"), info("192.168.1.5"), info("100.64.0.9")],
      wlan0: [info("10.0.0.5"), info("169.254.3.4")],
    });
    expect(checks.map(({ status, message, value }) => ({ status, message, value }))).toEqual([
      {
        status: "ok",
        message: "198.51.100.7 reaches this machine from everywhere, unless a firewall blocks it",
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

  test("a machine without a network gets a note", () => {
    expect(checkAddresses({})).toMatchObject([{ status: "note", value: [] }]);
  });
});

describe("the receive buffer", () => {
  test.each([
    [8_388_608, "linux", "ok", 4_194_304],
    [425_984, "linux", "note", 212_992],
    [4_194_304, "darwin", "ok", 4_194_304],
  ] as const)(
    "a receive buffer of %d bytes as %s counts is %s",
    (reported, platform, status, granted) => {
      const check = describeReceiveBuffer(reported, platform);
      expect(check).toMatchObject({ status, value: { granted, wanted: 4_194_304 } });
    },
  );

  test("a receive buffer that is too small gets a hint with the setting", () => {
    expect(describeReceiveBuffer(425_984, "linux")).toMatchObject({
      message: "a socket's receive buffer is 208 KiB; a busy server needs 4096 KiB for bursts",
      hint: expect.stringContaining("sysctl -w net.core.rmem_max=4194304"),
    });
    expect(describeReceiveBuffer(null, "plan9").status).toBe("note");
  });
});

describe("the owner of a port", () => {
  const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  101: 0100007F:3039 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 0000000000000000 0
  205: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
`;

  test("the sockets of a port are found in the kernel's table", () => {
    expect(socketsAt(TABLE, 12_345)).toEqual(["socket:[4711]"]);
    expect(socketsAt(TABLE, 53)).toEqual(["socket:[4712]"]);
    expect(socketsAt(TABLE, 305)).toEqual([]);
    expect(socketsAt("", 53)).toEqual([]);
  });

  test.skipIf(process.platform !== "linux")(
    "the owner of a port of this program is this program",
    async () => {
      using socket = await openUdpSocket({ port: 0, onDatagram() {}, onError() {} });
      const owner = await findPortOwner(socket.address.port);
      expect(owner?.processId).toBe(process.pid);
      expect(owner?.command).not.toBe("");
    },
  );

  test("a port in use is reported with the program that has it", () => {
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

  test("a folder that the user owns is ok, and so is one that can be created", () => {
    using base = temporaryFolder();
    expect(check(base.path).status).toBe("ok");
    expect(check(join(base.path, "not", "yet"))).toMatchObject({
      status: "ok",
      message: `${join(base.path, "not", "yet")} is made when it is needed`,
    });
  });

  test("a folder that others can write to is a problem", () => {
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

  test("a file in place of a folder is a problem", () => {
    using base = temporaryFolder();
    const file = join(base.path, "file");
    writeFileSync(file, "");
    expect(check(file).message).toBe(
      `cannot write to ${file}: there is a file where a folder should be`,
    );
    const below = join(file, "charla");
    expect(check(below)).toMatchObject({
      status: "problem",
      message: `cannot write to ${below}: there is a file where a folder should be`,
    });
  });

  test("a path that no folder can have is a problem, and no failure of the program", () => {
    using base = temporaryFolder();
    const long = join(base.path, "n".repeat(300));
    expect(check(long).message).toBe(`cannot write to ${long}: the name is too long`);
    const loop = join(base.path, "loop");
    symlinkSync(loop, loop);
    expect(check(join(loop, "charla")).message).toEndWith(": too many symbolic links");
  });

  test.skipIf(USER === 0)("a folder that is not writable is a problem", () => {
    using base = temporaryFolder();
    const folder = join(base.path, "closed");
    mkdirSync(folder, { mode: 0o500 });
    expect(check(folder).status).toBe("problem");
    expect(check(join(folder, "charla")).message).toContain("cannot be made");
  });
});

test("an address family that works is ok", async () => {
  expect(await checkFamily("IPv4", "127.0.0.1")).toEqual({
    name: "ipv4",
    status: "ok",
    message: "IPv4 works on this machine",
  });
});

test("a family of which this machine has no address gets a note", async () => {
  expect(await checkFamily("IPv6", "2001:db8::1")).toMatchObject({ name: "ipv6", status: "note" });
});
