// Servers that forward what one client publishes to all subscribers, or to all other clients.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { digits, freePort, type Peer, startTcp, TEXT } from "./peer.ts";

const CONNECTIONS = 10_000;

export const ncat: Peer = {
  name: "ncat --broker",
  debian: "ncat",
  // It uses select(2), which has no descriptors above 1,023.
  maxListeners: 1_000,
  async start(folder, listeners) {
    const port = freePort();
    const options = ["--listen", "--broker", "--max-conns", String(CONNECTIONS)];
    const command = ["ncat", ...options, "127.0.0.1", String(port)];
    const speech = { listener: [], sender: [], message: digits(`${TEXT}\n`) };
    return startTcp(command, folder, port, listeners, speech);
  },
};

export const nats: Peer = {
  name: "nats-server",
  debian: "nats-server",
  async start(folder, listeners) {
    const port = freePort();
    const config = join(folder, "nats.conf");
    writeFileSync(
      config,
      `listen: "127.0.0.1:${port}"
max_connections: ${CONNECTIONS}
ping_interval: "1h"
write_deadline: "60s"
`,
    );
    const connect = 'CONNECT {"verbose":false,"pedantic":false}\r\n';
    return startTcp(["nats-server", "-c", config], folder, port, listeners, {
      listener: [digits(`${connect}SUB room 1\r\nPING\r\n`)],
      sender: [digits(`${connect}PING\r\n`)],
      message: digits(`PUB room ${TEXT.length}\r\n${TEXT}\r\n`),
    });
  },
};

export const redis: Peer = {
  name: "redis pub/sub",
  debian: "redis-server",
  async start(folder, listeners) {
    const port = freePort();
    const command = ["redis-server", "--port", String(port), "--bind", "127.0.0.1"];
    const files = ["--save", "", "--appendonly", "no", "--dir", folder];
    const limits = ["--maxclients", String(CONNECTIONS), "--tcp-backlog", "4096"];
    const queues = ["--client-output-buffer-limit", "pubsub", "0", "0", "0"];
    return startTcp([...command, ...files, ...limits, ...queues], folder, port, listeners, {
      listener: [digits("SUBSCRIBE room\r\n")],
      sender: [],
      message: digits(`*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$${TEXT.length}\r\n${TEXT}\r\n`),
    });
  },
};

export const mosquitto: Peer = {
  name: "mosquitto",
  debian: "mosquitto",
  async start(folder, listeners) {
    const port = freePort();
    const config = join(folder, "mosquitto.conf");
    writeFileSync(
      config,
      `listener ${port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_connections -1
set_tcp_nodelay true
user root
`,
    );
    return startTcp(["mosquitto", "-c", config], folder, port, listeners, {
      // CONNECT (MQTT 3.1.1, a clean session, no keep-alive), then SUBSCRIBE at quality 0.
      listener: [`1012${mqttConnect}0006${digits("l#")}`, `820900010004${digits("room")}00`],
      sender: [`1012${mqttConnect}0006${digits("t#")}`],
      message: `30${(2 + 4 + TEXT.length).toString(16)}0004${digits("room")}${digits(TEXT)}`,
    });
  },
};
const mqttConnect = `0004${digits("MQTT")}04020000`;
