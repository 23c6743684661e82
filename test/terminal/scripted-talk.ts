// A program whose conversation is with a test instead of a network: events come from a socket, and messages
// go back to it.
//
//   bun scripted-talk.ts SOCKET TALK-OPTIONS

import { connect } from "node:net";
import { createInterface } from "node:readline";

import { processIo } from "../../src/cli/io.ts";
import { talk, type TalkOptions } from "../../src/terminal/talk.ts";
import { createScriptedConversation } from "./scripted-conversation.ts";

const [path = "", options = "{}"] = process.argv.slice(2);
const asked: Partial<TalkOptions> = JSON.parse(options);
const socket = connect(path);
const scripted = createScriptedConversation(socket);

// Only the test at the other end writes here.
createInterface(socket).on("line", (line) => scripted.emit(JSON.parse(line)));

process.exitCode = await talk(processIo(), scripted.conversation, {
  json: false,
  quiet: false,
  verbose: false,
  atEndOfInput: "leave",
  delivery: "shown",
  ...asked,
});
socket.destroy();
