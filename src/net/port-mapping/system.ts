// What port mapping needs of the system: time, sockets, HTTP, random bytes, and the tables that say where this machine is.
// The edge: everything else in this folder is given these.

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { setTimeout } from "node:timers/promises";

import { openUdpSocket } from "#udp-socket";

import { defer } from "../../deferred.ts";
import type { Clock, OpenSocket } from "./exchange.ts";
import { findPlace, type Place } from "./gateway.ts";
import type { HttpRequest } from "./upnp-router.ts";

/** ms for a whole HTTP exchange with the router. */
const HTTP_TIMEOUT = 1_000;
/** Bytes of an answer: descriptions have some 5 KB. */
const MAX_BODY = 65_536;

export interface MappingSystem {
  readonly clock: Clock;
  readonly openSocket: OpenSocket;
  readonly request: HttpRequest;
  readonly randomBytes: (length: number) => Uint8Array;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly findPlace: () => Place | null;
}

export const SYSTEM: MappingSystem = {
  clock: {
    now: () => performance.now(),
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => {}),
  },
  openSocket: openUdpSocket,
  request: requestByHttp,
  randomBytes,
  random: Math.random,
  findPlace: () => findPlace(readRoutes(), networkInterfaces()),
};

function readRoutes(): string | null {
  try {
    return readFileSync("/proc/net/route", "latin1");
  } catch {
    return null;
  }
}

/** Follows no redirect: the answer could only lead away from the router. */
function requestByHttp(...[url, post]: Parameters<HttpRequest>): ReturnType<HttpRequest> {
  const { promise, resolve } = defer<Awaited<ReturnType<HttpRequest>>>();
  const sent = request(url, {
    method: post === null ? "GET" : "POST",
    headers: post?.headers ?? {},
    agent: false,
    signal: AbortSignal.timeout(HTTP_TIMEOUT),
  });
  sent.on("error", () => resolve(null));
  sent.on("response", (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= MAX_BODY) return;
      resolve(null);
      sent.destroy();
    });
    response.on("error", () => resolve(null));
    response.on("end", () => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
    });
  });
  sent.end(post?.body);
  return promise;
}
