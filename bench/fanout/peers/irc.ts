// IRC servers, with everything turned off that slows a sender.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { digits, freePort, type Peer, type Speech, startTcp, TEXT } from "./peer.ts";

const SPEECH: Speech = {
  listener: [digits("NICK l#\r\nUSER l 0 * :l\r\n"), digits("JOIN #room\r\n").replace("#", "23")],
  sender: [digits("NICK sender\r\nUSER t 0 * :t\r\n"), digits("JOIN #room\r\n").replace("#", "23")],
  message: digits(`PRIVMSG #room :${TEXT}\r\n`).replace("#", "23"),
};
const CONNECTIONS = 10_000;
/** No PING during the measurement, s. */
const QUIET = 3_600;

export const ngircd: Peer = {
  name: "ngircd",
  debian: "ngircd",
  async start(folder, listeners) {
    const port = freePort();
    const config = join(folder, "ngircd.conf");
    writeFileSync(
      config,
      `[Global]
Name = irc.example.net
AdminInfo1 = bench
AdminEMail = bench@example.net
Info = bench
Listen = 127.0.0.1
Ports = ${port}
ServerUID = nobody
ServerGID = nogroup
[Limits]
MaxConnections = ${CONNECTIONS}
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = ${QUIET}
PongTimeout = ${QUIET}
[Options]
DNS = no
Ident = no
PAM = no
`,
    );
    return startTcp(["ngircd", "-n", "-f", config], folder, port, listeners, SPEECH);
  },
};

export const inspircd: Peer = {
  name: "inspircd",
  debian: "inspircd",
  async start(folder, listeners) {
    const port = freePort();
    const config = join(folder, "inspircd.conf");
    const pid = join(folder, "inspircd.pid");
    writeFileSync(
      config,
      `<server name="irc.example.net" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@example.net">
<bind address="127.0.0.1" port="${port}" type="clients">
<connect name="all" allow="*" timeout="60" pingfreq="${QUIET}" hardsendq="1G" softsendq="1G" recvq="1G"
  threshold="1000000" commandrate="1000000000" fakelag="no" localmax="${CONNECTIONS}" globalmax="${CONNECTIONS}"
  maxconnwarn="no" limit="${CONNECTIONS}" resolvehostnames="no" useident="no">
<performance netbuffersize="65535" somaxconn="4096" softlimit="${CONNECTIONS}">
<pid file="${pid}">
`,
    );
    const command = ["inspircd", "--nofork", "--nopid", "--runasroot", `--config=${config}`];
    return startTcp(command, folder, port, listeners, SPEECH);
  },
};
