// The two ends of a sealed talk (docs/protocol.md s. 17): who the peer is, what waits and what is under
// way, and how it ends, as events. Knows links, and not how they come about.

import type { Conversation, ConversationEvent, EndReason } from "../chat/events.ts";
import { FAREWELL } from "../chat/plain-talk.ts";
import type { CharlaError } from "../errors.ts";
import { formatAddress } from "../wire/address.ts";
import type { SealedLink, SealedLinkHandlers } from "../wire/sealed-link.ts";
import type { SealedSocket } from "../wire/sealed-socket.ts";
import { CLOSE_DONE, type SessionEnd } from "../wire/sealed/session.ts";
import { decodeText, encodeText, withoutNewline } from "../wire/text-datagram.ts";
import { conversationOver } from "./conversation-errors.ts";
import { createEventQueue } from "./event-queue.ts";
import { createOutbox, giveUp, put, takeArrived } from "./outbox.ts";
import { describeSessionEnd } from "./session-errors.ts";

/** Who is at the other end: where, and with which key. */
export interface PeerDescription {
  readonly peer: string;
  readonly fingerprint: string;
}

export interface SealedTalk {
  readonly conversation: Conversation;
  /** The socket is open: `events` is what there is to say of that. */
  start(socket: SealedSocket, events: readonly ConversationEvent[]): void;
  /** Somebody has joined; null when the seat is taken. */
  attach(link: SealedLink, description: PeerDescription): SealedLinkHandlers | null;
  readonly onRefused: (error: CharlaError) => void;
  readonly notice: (code: string, message: string, hint: string) => void;
}

/** How long leaving may take before it is told what for, ms. */
const PATIENCE = 1_000;

const seconds = (duration: number) => Math.round(duration / 1_000);

export function converse(role: "opener" | "joiner"): SealedTalk {
  const queue = createEventQueue({ past: "keep" });
  let outbox = createOutbox();
  let guest: { readonly link: SealedLink; peer: string } | null = null;
  let socket: SealedSocket | null = null;
  let ending: Promise<void> | null = null;
  let strangers = 0;
  let refusalTold = false;

  function attach(link: SealedLink, its: PeerDescription): SealedLinkHandlers | null {
    if (guest !== null || ending !== null) {
      strangers += 1;
      queue.push({ type: "stranger", from: its.peer, ignored: strangers });
      return null;
    }
    const present = { link, peer: its.peer };
    guest = present;
    refusalTold = false;
    queue.push({ type: role === "opener" ? "joined" : "joining", ...its });
    flush();
    void link.ended.then((end) => lose(link, end));
    return {
      async onMessages(messages) {
        for (const message of messages) hear(decodeText(message), present.peer);
        await queue.room();
      },
      onArrived(end) {
        outbox.arrivedUpTo = end;
        tellArrived();
      },
      onSilent: (duration) => queue.push({ type: "silent", seconds: seconds(duration) }),
      onHeard(duration) {
        refusalTold = false;
        queue.push({ type: "heard", seconds: seconds(duration) });
      },
      onMoved(to) {
        present.peer = formatAddress(to);
        queue.push({ type: "moved", peer: present.peer });
      },
    };
  }

  function hear(text: string, from: string): void {
    queue.push({ type: "message", from, text });
    if (role === "joiner" && text === FAREWELL) void end("heard-bye");
  }

  /** Sends what waits. */
  function flush(): void {
    if (guest === null) return;
    const { link } = guest;
    const mine = outbox;
    for (const said of mine.waiting.splice(0)) {
      mine.underWay.push(said);
      void link.say(encodeText(said.text)).then((where) => {
        // The end of the session tells what did not leave.
        if (where === null) return;
        said.end = where;
        queue.push({ type: "said", text: said.text });
        tellArrived();
      });
      if (said.text === FAREWELL) void end("said-bye");
    }
  }

  function tellArrived(): void {
    for (const { text, arrived } of takeArrived(outbox)) {
      queue.push({ type: "delivered", text });
      arrived.resolve();
    }
  }

  /** The session is over. An opener waits for the next; a joiner has nobody left. */
  function lose(link: SealedLink, sessionEnd: SessionEnd): void {
    if (guest?.link !== link || ending !== null) return;
    const { peer } = guest;
    guest = null;
    const left = sessionEnd.type === "closed" && sessionEnd.code === CLOSE_DONE;
    const error = describeSessionEnd(sessionEnd, peer);
    if (role === "joiner") return left ? void end("peer-left") : fail(error);
    const { underWay, waiting } = outbox;
    outbox = { ...createOutbox(), waiting };
    if (!left && underWay.length === 0) {
      queue.push({ type: "notice", code: error.code, message: error.message });
    }
    // Not kept for the next, who may be somebody else.
    giveUp(underWay, error);
    queue.push({ type: "left", peer });
  }

  function fail(error: CharlaError): void {
    ending = Promise.resolve();
    const unsaid = giveUpAll();
    void socket?.close();
    queue.push({ type: "ended", reason: "lost", unsaid });
    queue.fail(error);
  }

  /** Once what is under way has arrived; or at once, when it is asked for again. */
  function end(reason: EndReason): Promise<void> {
    if (ending !== null) {
      queue.letGo();
      guest?.link.abort(CLOSE_DONE, "");
      return ending;
    }
    ending = (async () => {
      const patience = setTimeout(tellWhatIsWaitedFor, PATIENCE);
      await guest?.link.arrived();
      clearTimeout(patience);
      // Who leaves need not read what there is, and the session ends once all of it is taken.
      queue.letGo();
      await socket?.close();
      queue.end({ type: "ended", reason, unsaid: giveUpAll() });
    })();
    return ending;
  }

  function tellWhatIsWaitedFor(): void {
    const count = outbox.underWay.length;
    queue.push({
      type: "notice",
      code: "LEAVING",
      message: `leaving once ${count === 1 ? "a message has" : `${count} messages have`} arrived`,
      hint: "Ctrl-C again leaves at once",
    });
  }

  function giveUpAll(): string[] {
    tellArrived();
    const { underWay, waiting } = outbox;
    return [...giveUp(underWay, conversationOver()), ...giveUp(waiting, conversationOver())];
  }

  return {
    attach,
    start(itsSocket, events) {
      socket = itsSocket;
      for (const event of events) queue.push(event);
    },
    onRefused(error) {
      // Of a farewell it is no news that nobody is there any more.
      if (guest === null || refusalTold || ending !== null) return;
      refusalTold = true;
      const { code } = error;
      const message = `${guest.peer} refuses what is sent to it: the other end may be gone`;
      queue.push({ type: "notice", code, message });
    },
    notice: (code, message, hint) => queue.push({ type: "notice", code, message, hint }),
    conversation: {
      events: queue.events,
      async say(written) {
        if (ending !== null) throw conversationOver();
        // Refused now rather than when somebody is there to hear it.
        encodeText(written);
        const text = withoutNewline(written);
        const said = put(outbox, text);
        if (guest === null) queue.push({ type: "waiting", for: "peer", text });
        else flush();
        await said.arrived.promise;
      },
      leave: () => end("left"),
      [Symbol.asyncDispose]: () => end("left"),
    },
  };
}
