// Finds what HOST, HOST:PORT or an invitation stands for on the sealed wire, and how the server proves who it is:
// by the key in the invitation, or, as SSH does it, by the key it had the first time.

import { CharlaError } from "../errors.ts";
import {
  configFolder,
  dataFolder,
  type Environment,
  findConfigFolder,
} from "../identity/folders.ts";
import { looksLikeInvitation } from "../identity/invitation-text.ts";
import { type Invitation, parseInvitation } from "../identity/invitation.ts";
import { fingerprint } from "../identity/key-text.ts";
import { findKnownServer, rememberServer, serverKeyChanged } from "../identity/known-servers.ts";
import { isInvitationTo, readLocalInvitation } from "../identity/local-invitation.ts";
import { formatHostAndPort, type HostAndPort, parseHostAndPort } from "../net/address.ts";
import { invitedTo, type SealedTarget } from "./sealed-target.ts";

interface FoundTarget {
  readonly target: SealedTarget;
  /** Identifies this server: its key or, where that may not be known, its host and port. */
  readonly server: Uint8Array;
  /**
   * To be called whenever the server is reached, with its key. Returns whether this is the first time of all.
   *
   * @throws {CharlaError} SERVER_KEY_CHANGED, FOLDER_NOT_WRITABLE
   */
  readonly met: (key: Uint8Array) => boolean;
}

/**
 * @param written HOST, HOST:PORT or an invitation; undefined for the server of this machine
 * @throws {CharlaError} INVALID_INVITATION, INVALID_ADDRESS, PORT_OUT_OF_RANGE, KNOWN_SERVERS_DAMAGED,
 *   FILE_NOT_READABLE
 */
export function sealedTarget(written: string | undefined, env: Environment): FoundTarget {
  if (written !== undefined && looksLikeInvitation(written))
    return invited(parseInvitation(written));
  const left = findLocalInvitation(env);
  if (written === undefined)
    return left === null ? byHost(parseHostAndPort("localhost"), env) : invited(left);
  const host = parseHostAndPort(written);
  return left !== null && isInvitationTo(left, host) ? invited(left) : byHost(host, env);
}

/** Null where the data folder is missing, or somebody else's: then it holds no server of this person. */
function findLocalInvitation(env: Environment): Invitation | null {
  try {
    return readLocalInvitation(dataFolder(env));
  } catch (error) {
    if (error instanceof CharlaError) return null;
    throw error;
  }
}

function invited(invitation: Invitation): FoundTarget {
  return { target: invitedTo(invitation), server: invitation.key, met: () => false };
}

/** Trust on first use, as SSH has it: RFC 4251 s. 4.1. */
function byHost(server: HostAndPort, env: Environment): FoundTarget {
  // Without a folder, this person has met no server.
  const folder = findConfigFolder(env);
  const find = () => (folder === null ? null : findKnownServer(folder, server));
  // Whether or not it can be remembered, the server has the same key when the connection is made again.
  let expected = find()?.key ?? null;
  const trust = {
    get expected() {
      return expected;
    },
    refused(key: Uint8Array) {
      const known = find();
      if (folder !== null && known !== null) return serverKeyChanged(folder, server, key, known);
      return new CharlaError(
        "SERVER_KEY_CHANGED",
        `the server has another key than when it was joined; its fingerprint is ${fingerprint(key)}`,
        "ask its owner for the fingerprint that charla id prints there, and join again if it is this one",
      );
    },
  };
  return {
    target: { ways: [{ kind: "direct", ...server }], secret: null, trust },
    server: new TextEncoder().encode(formatHostAndPort(server)),
    met(key) {
      if (expected !== null) return false;
      expected = key;
      rememberServer(configFolder(env), server, key);
      return true;
    },
  };
}
