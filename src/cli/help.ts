// What `--help` prints: each fits a screen of 80 by 24.

import type { CommandName } from "./options.ts";

export const HELP: Readonly<Record<CommandName, string>> = {
  chat: `Talk over the network from a terminal.

charla --server             open a conversation; prints an invitation to join it
charla INVITATION           join it
charla [HOST[:PORT]]        join an open one (default: mine, or localhost:12345)
charla send [TEXT]          send one message, or each line of stdin, and leave
charla receive              wait for one message, print it and leave
charla id                   who I am: name, fingerprint

  -p, --port N         with --server: listen on port N (12345; 0: any free one)
  -b, --bind ADDRESS   with --server: listen on this address only
      --open           with --server: let anyone in, without an invitation
      --plain          the lesson's wire, not encrypted: bare UTF-8 datagrams
      --turns          with --plain: take strict turns; who joins speaks first
      --stay           at the end of stdin stay and listen
      --json           every event as one JSON object a line on stdout
  -q, --quiet          only what the other end says, and errors
  -v, --verbose        every detail
  -h, --help           this, or after a command, its own help
      --version        charla's version

Say bye to end a conversation. What the other end says is on stdout, the rest on
stderr.
`,
  send: `Send one message and leave.

charla send [--to HOST[:PORT] | --to INVITATION] [TEXT]

Without TEXT, each line of stdin is a message. An invitation's conversation is
encrypted, and the message is known to have arrived; a host gets it in plain.

      --to WHERE         where to (default localhost:12345)
      --reply            wait for an answer to each message and print it
      --json             every event as one JSON object a line on stdout
  -q, --quiet            only answers and errors
  -v, --verbose          say what was sent
  -h, --help             this
`,
  receive: `Wait for one message, print it and leave.

charla receive [-p PORT] [-b ADDRESS]

The message comes in plain: anyone on the network can read it.

  -p, --port N         listen on port N (default 12345; 0: any free one)
  -b, --bind ADDRESS   listen on this address only
      --reply[=TEXT]   answer with TEXT, or with a line of stdin
      --json           every event as one JSON object a line on stdout
  -q, --quiet          only the message and errors
  -v, --verbose        say what was answered
  -h, --help           this
`,
  id: `Say who I am: my name, and the fingerprint of my key.

charla id

Others see the same fingerprint: it tells them that you are you. The key is
made on first use, and stays in the config folder, ~/.config/charla.

      --json           one JSON object, with the public key as well
  -q, --quiet          do not say that a key was made
  -v, --verbose        say where the key is
  -h, --help           this
`,
};
