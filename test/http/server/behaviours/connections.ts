// Connections: several requests, ends, time-outs, and TLS (RFC 9112 s. 9).

import { expect } from "bun:test";
import { connect as connectTls } from "node:tls";

import { makeCertificate } from "../../../../src/http/server/tls/certificate.ts";
import { GET, HOST, NEXT, type Row } from "./row.ts";

export const CONNECTIONS: readonly Row[] = [
  {
    what: "several requests at once",
    answer: "answered in their order",
    sent: [GET + GET.replace("/a", "/none") + GET.replace("GET", "HEAD") + NEXT],
    statuses: [200, 404, 200, 200],
    closes: true,
    check: (server) =>
      expect(server.log.map(({ method, target }) => `${method} ${target}`)).toEqual([
        "GET /a",
        "GET /none",
        "HEAD /a",
        "GET /b",
      ]),
  },
  {
    what: "`Connection: close`",
    answer: "the connection is closed after the response, which says so",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Connection: keep-alive, Close\r\n\r\n${GET}`],
    statuses: [200],
    closes: true,
    check: (_server, received) => expect(received).toContain("\r\nconnection: close\r\n"),
  },
  {
    what: "a client that ends its side after its requests",
    answer: "all responses, and then the connection is closed",
    sent: [[GET + GET, "END"]],
    statuses: [200, 200],
    closes: true,
  },
  {
    what: "a request that is refused before its body has come",
    answer: "the response, and the connection is closed: nothing that follows is read as a request",
    sent: [[`POST /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\n`, /\r\n\r\n/, GET]],
    statuses: [405],
    closes: true,
    check: (_server, received) => expect(received).toContain("\r\nconnection: close\r\n"),
  },
  {
    what: "a head that has not come after 12 s",
    answer: "408",
    options: { headSeconds: 0.01 },
    sent: ["GET /a HTTP/1.1\r\nHost: local"],
    statuses: [408],
    closes: true,
  },
  {
    what: "a connection on which nothing happens for 2 minutes",
    answer: "closed",
    options: { headSeconds: 0.01, idleSeconds: 0.01 },
    sent: [[]],
    statuses: [],
    closes: true,
  },
  {
    what: "an upgrade: `Upgrade: h2c`",
    answer: "ignored",
    sent: [`GET /a HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`],
    statuses: [200],
  },
  {
    what: "TLS on a port without it",
    answer: "400",
    async check(server) {
      const socket = connectTls({ port: server.port, host: "127.0.0.1" });
      const error = await new Promise<Error>((resolve) => socket.once("error", resolve));
      expect(error).toBeInstanceOf(Error);
      expect(server.log).toMatchObject([{ status: 400, version: null }]);
    },
  },
  {
    what: "HTTP without TLS on a port for TLS",
    answer: "308 to the same address with https",
    options: { tls: makeCertificate(["localhost"], new Date()) },
    sent: ["GET /a?b HTTP/1.1\r\nHost: localhost:8000\r\nConnection: close\r\n\r\n"],
    statuses: [308],
    closes: true,
    check: (_server, received) =>
      expect(received).toContain("\r\nlocation: https://localhost:8000/a?b\r\n"),
  },
];
