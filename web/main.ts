// The page's beginning: reads the link by which it was opened, opens what this browser keeps, and shows the page.

import { sha256 } from "#crypto";

import { noticeEvent } from "../src/chat/events.ts";
import { isRoomName } from "../src/chat/names.ts";
import { CharlaError } from "../src/errors.ts";
import { formatInvitation, type Invitation, parseInvitation } from "../src/identity/invitation.ts";
import { encodeBase64url, fingerprint } from "../src/identity/key-text.ts";
import { chooseOrigin, invitationInLink, writePageLink } from "../src/identity/page-link.ts";
import { joinFromPage } from "./join.ts";
import { openDatabase } from "./storage/database.ts";
import { openDevice, type StorageTrouble } from "./storage/device.ts";
import { loadIdentity } from "./storage/identity.ts";
import { loadName, openMemory } from "./storage/settings.ts";
import { createTabRoom } from "./tab-room.ts";
import { runPage } from "./view/app.ts";
import { chooseWords } from "./words/words.ts";

/** Earlier messages that come with the entry to a room: no page keeps what it has shown. */
const HISTORY = 100;

const root = document.querySelector<HTMLElement>("#page");
if (root === null) throw new Error("the page has no place for it");
const here = new URL(location.href);
const servedBy = document.documentElement.dataset["servedBy"] === "relay" ? "relay" : "server";
const written = invitationInLink(here.href);
const read = written === null ? null : readInvitation(written);
const problem = read instanceof CharlaError ? read : null;
const invitation = read instanceof CharlaError ? null : read;
const database = await openDatabase();
const server = invitation === null ? "" : encodeBase64url(invitation.key);
/** Of the person, made when a room is entered first. */
let identity: ReturnType<typeof loadIdentity> | null = null;

const tabs = createTabRoom(server, openRoom);

// A link with another secret or room is another page, though a browser takes it for a place in this one.
addEventListener("hashchange", () => location.reload());
runPage(root, {
  invitation:
    invitation === null
      ? null
      : {
          room: invitation.room,
          serverFingerprint: fingerprint(invitation.key),
          to: (room) => ({
            link: here.origin + pathOf(room),
            command: formatInvitation({ ...invitation, room }),
          }),
        },
  problem,
  name: await loadName(database),
  servedBy,
  isSecure: globalThis.isSecureContext,
  memory: openMemory(database, server),
  tabs,
  async join(options) {
    const joined = await tabs.join(options);
    // What is loaded again is the same room.
    history.replaceState(null, "", pathOf(options.room));
    return joined;
  },
  openInvitation(text) {
    const pasted = invitationInLink(text) ?? text;
    const origin = chooseOrigin(parseInvitation(pasted).ways, null);
    location.href = writePageLink(pasted.trim(), origin);
  },
  async pageDigest() {
    const response = await fetch(here.pathname, { cache: "no-cache" }).catch(() => null);
    if (response?.ok !== true) return null;
    const digest = sha256(new Uint8Array(await response.arrayBuffer()));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },
});

function pathOf(room: string): string {
  return `/${encodeURIComponent(room)}${here.hash}`;
}

async function openRoom(place: { readonly name: string; readonly room: string }) {
  if (invitation === null) throw new Error("a page without an invitation joins nothing");
  identity ??= loadIdentity(database);
  let trouble: StorageTrouble | null = null;
  let say: (() => void) | null = null;
  const device = await openDevice(database, { server, room: place.room }, (found) => {
    trouble = found;
    say?.();
  });
  const conversation = joinFromPage(invitation, {
    ...place,
    identity: await identity,
    servedBy,
    origin: here,
    device,
    keepsUnsaid: true,
    history: HISTORY,
    repeatsHistory: true,
  });
  // It may be known already, and comes up at any time.
  say = () => {
    if (trouble === null) return;
    const message = chooseWords(navigator.languages).notKept[trouble];
    conversation.addEvent(noticeEvent({ code: "NOT_KEPT", message }));
  };
  say();
  return { conversation, close: () => device[Symbol.asyncDispose]() };
}

/** What is wrong with one that is damaged. */
function readInvitation(text: string): Invitation | CharlaError {
  try {
    const read = parseInvitation(text);
    if (isRoomName(read.room)) return read;
    const hint = 'a room name has up to 40 letters, digits, "_", "." and "-"';
    return new CharlaError("INVALID_INVITATION", "no room has the name in the invitation", hint);
  } catch (error) {
    if (error instanceof CharlaError) return error;
    throw error;
  }
}
