// Holds a conversation that a test makes up, in the test's own process or in one of its own:
//
//   bun scripted-talk.ts SOCKET TALK-OPTIONS [room]
//
// There, events come from the socket, and messages go back to it; each is JSON on a line.

import { connect } from "node:net";
import { createInterface } from "node:readline";

import type { ConversationEvent } from "../../src/chat/events.ts";
import { processIo } from "../../src/cli/io.ts";
import type { CharlaError } from "../../src/errors.ts";
import { talk, type TalkOptions } from "../../src/terminal/talk.ts";
import { createScriptedConversation } from "./scripted-conversation.ts";
import { createScriptedRoom } from "./scripted-room.ts";

export interface ScriptedTalk {
  /** Makes an event happen, in the room that was opened last. */
  emit(event: ConversationEvent): void;
  /** The events throw. */
  fail(error: CharlaError): void;
  /** The exit status. */
  readonly exited: Promise<number>;
}

/** @param send takes what is sent and what is asked */
export function startTalk(
  io: Parameters<typeof talk>[0],
  send: (text: string) => void,
  isRoom: boolean,
  options: Partial<TalkOptions> = {},
): ScriptedTalk {
  const first = isRoom ? createScriptedRoom("main", send) : createScriptedConversation(send);
  // A test may also emit events of the plain wire.
  let latest: Pick<ScriptedTalk, "emit" | "fail"> = first;
  const exited = talk(io, first.conversation, {
    json: false,
    quiet: false,
    verbose: false,
    atEndOfInput: "leave",
    delivery: "shown",
    enter(name, ownName) {
      send(`(asked) enter ${name} as ${ownName}`);
      const room = createScriptedRoom(name, send);
      latest = room;
      return room.conversation;
    },
    ...options,
  });
  return {
    emit: (event) => latest.emit(event),
    fail: (error) => latest.fail(error),
    exited,
  };
}

if (import.meta.main) {
  const [path = "", options = "{}", kind] = process.argv.slice(2);
  const socket = connect(path);
  const send = (text: string) => void socket.write(`${JSON.stringify(text)}\n`);
  const scripted = startTalk(processIo(), send, kind === "room", JSON.parse(options));
  // Only the test at the other end writes here.
  createInterface(socket).on("line", (line) => scripted.emit(JSON.parse(line)));
  process.exitCode = await scripted.exited;
  socket.destroy();
}
