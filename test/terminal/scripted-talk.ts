// A program that holds a conversation with a test instead of a network: what the test writes to the
// socket happens, what is said goes back to it. Says a message is delivered when the test does.
//
//   bun scripted-talk.ts SOCKET TALK-OPTIONS

import { connect } from "node:net";
import { createInterface } from "node:readline";

import type { Conversation, ConversationEvent, EndReason } from "../../src/chat/events.ts";
import { createEventQueue } from "../../src/client/event-queue.ts";
import { CharlaError } from "../../src/errors.ts";
import { talk, type TalkOptions } from "../../src/terminal/talk.ts";

const [path = "", options = "{}"] = process.argv.slice(2);
const asked: Partial<TalkOptions> = JSON.parse(options);
const socket = connect(path);
const queue = createEventQueue();
const said: { text: string; done: PromiseWithResolvers<void> }[] = [];

createInterface(socket).on("line", (line) => {
  // Only the test at the other end writes here.
  const event: ConversationEvent = JSON.parse(line);
  if (event.type === "delivered") said.shift()?.done.resolve();
  if (event.type === "ended") end(event.reason);
  else queue.push(event);
});

function end(reason: EndReason): void {
  const unsaid = said.map(({ text }) => text);
  for (const { done } of said.splice(0)) {
    done.reject(new CharlaError("CONVERSATION_OVER", "it is over", "join another one"));
  }
  queue.end({ type: "ended", reason, unsaid });
}

const conversation: Conversation = {
  events: queue.events,
  async say(text) {
    if (text.startsWith("too long")) {
      throw new CharlaError("MESSAGE_TOO_LONG", "that is too long", "say less");
    }
    const done = Promise.withResolvers<void>();
    said.push({ text, done });
    socket.write(`${JSON.stringify(text)}\n`);
    await done.promise;
  },
  async leave() {
    end("left");
  },
  async [Symbol.asyncDispose]() {
    end("left");
  },
};

process.exitCode = await talk(conversation, {
  json: false,
  quiet: false,
  verbose: false,
  atEndOfInput: "leave",
  delivery: "shown",
  ...asked,
});
socket.destroy();
