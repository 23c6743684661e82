// `charla --server` behind a router that maps ports: its invitation has the outer address.

import { expect } from "bun:test";

import { parseInvitation } from "../../src/identity/invitation.ts";
import { FULL_SIZE } from "../harness/full-size.ts";
import { CHARLA, type Program } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { WITH_MAPPING } from "./conversation.ts";
import { openLab, type Side } from "./lab.ts";
import { testInLab } from "./machine.ts";

function startServer(side: Side, ...options: string[]): Program {
  return side.start([...CHARLA, "--server", "--json", ...options], { env: WITH_MAPPING });
}

/** HOST:PORT of each way in the invitations that it has printed, one after the other. */
function invitedTo(server: Program): string[][] {
  const invitations = server.stdout.match(/(?<="invitation":")charla:[^"]+/g) ?? [];
  return invitations.map((each) =>
    parseInvitation(each).ways.map(({ host, port }) => `${host}:${port}`),
  );
}

async function mapped(side: Side): Promise<string> {
  const { stdout } = await side.run(["upnpc", "-i", "-l"]);
  return stdout;
}

if (FULL_SIZE) {
  testInLab(
    "the invitation names the outer address if the router maps the port, which ends with the server",
    ["miniupnpd", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping" });
      const { ana } = lab.sides;
      await using server = startServer(ana);
      await server.until("stdout", '"type":"invitation"');
      expect(invitedTo(server)).toEqual([[`${ana.outer.ipv4}:12345`, `${ana.inner.ipv4}:12345`]]);
      expect(await mapped(ana)).toContain("12345->192.168.1.2:12345");
      server.signal("SIGTERM");
      await server.exited;
      expect(await mapped(ana)).not.toContain("->192.168.1.2");
    },
  );

  testInLab(
    "with --no-map, or at one address of this machine, the router is not asked",
    ["miniupnpd", "upnpc"],
    async () => {
      await using lab = await openLab({ ana: "mapping" });
      const { ana } = lab.sides;
      for (const option of ["--no-map", "--bind=127.0.0.1"]) {
        await using server = startServer(ana, option);
        await server.until("stdout", '"type":"invitation"');
        expect(await mapped(ana)).not.toContain("->192.168.1.2");
      }
    },
  );

  testInLab(
    "a server says when its port is mapped in another network, and when it no longer is",
    ["miniupnpd"],
    async () => {
      await using lab = await openLab({ ana: "home" });
      const { ana } = lab.sides;
      await using server = startServer(ana);
      await server.until("stdout", '"type":"invitation"');
      expect(invitedTo(server)).toEqual([[`${ana.inner.ipv4}:12345`]]);
      await ana.moveTo("mapping");
      await server.until("stdout", "PORT_MAPPED");
      await until("an invitation with the outer address", () => invitedTo(server).length === 2);
      expect(invitedTo(server)[1]).toContain(`${ana.outer.ipv4}:12345`);
      await ana.moveTo("home");
      await server.until("stdout", "PORT_MAPPING_LOST");
    },
  );
}
