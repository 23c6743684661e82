// What `--help` and `--version` print. Each help fits a screen of 80 by 24.

import manifest from "../../package.json" with { type: "json" };
import type { CommandName } from "./options.ts";

export const VERSION: string = manifest.version;

export const HELP: Readonly<Record<CommandName | "server", string>> = {
  chat: `Talk over the network from a terminal.

charla --server             open a conversation; prints an invitation to join it
charla INVITATION           join it; charla - or --invitation-file FILE reads it
charla [HOST[:PORT]]        join an open one (default: mine, or localhost:12345)
charla send [TEXT]          send one message, or each line of stdin, and leave
charla receive              wait for one message, print it and leave
charla history [ROOM]       show its messages; HOST/ROOM: one that I have joined
charla doctor [WHERE]       check this machine, or the path to a server
charla serve [DIR]          share a folder over HTTP; charla get URL: fetch one
charla stop                 end my server on this machine
charla id                   show my name and fingerprint

  -n, --name NAME, -r, --room ROOM   my name (login name); which room (main)
      --plain          the lesson's wire, not encrypted; --turns: in turns
      --stay, --bell   stay after the end of stdin; ring when I am named
      --history N      show N earlier messages at first (20; in a pipe: 0)
      --no-log, --no-line-history   keep no messages; none of the lines I type
      --json           every event as one JSON object a line on stdout
  -q, --quiet          only messages and errors; -v, --verbose: every detail
  -h, --help           this, or its own: charla --server -h, charla send -h, ...

bye leaves, /help lists the commands. In a pipe, every line is a message.
`,
  server: `Open a conversation, and talk in it.

charla --server [-p PORT] [-b ADDRESS] [--open | --admit FILE]

Others join with the invitation that it prints: charla INVITATION. Messages are
stored, and the invitation stays valid when the server is started again.

  -p, --port N; -b, --bind ADDRESS   where to listen (12345; 0: any free port)
  -n, --name NAME      how others see me (my login name)
  -r, --room ROOM      the room that I enter and invite to (main)
      --open           let anyone in, without an invitation
      --admit FILE     let in people whose fingerprints are in FILE, without one
      --data DIR       store messages in DIR (~/.local/share/charla)
      --ephemeral      store nothing
      --memory N       use at most N bytes for members (64M, 2G; 1G by default)
      --keep 90d|10GB; --quota 20GB   keep of each room; of the disk at most
      --background     return the shell; charla joins it, charla stop ends it
      --invitation-file FILE   write the invitation to FILE
      --plain          the lesson's wire, not encrypted, with one other person
      --bell, --no-line-history, --json, -q, -v, -h   as with charla --help

bye leaves, and the others wait for the server; /close ends it for all.
Without input (</dev/null) it only serves, and writes the invitation to a file.
`,
  send: `Send one message and leave.

charla send [--to HOST[:PORT] | --to INVITATION] [TEXT]

Without TEXT, each line of stdin is a message. With an invitation, messages are
encrypted and confirmed; to a host they are neither.

      --to WHERE         where to (localhost:12345); -: as stdin's first line
      --invitation-file FILE   to the invitation in FILE
  -n, --name NAME        with an invitation: how others see me (my login name)
  -r, --room ROOM        with an invitation: which room (the invitation's)
      --reply            wait for a reply to each message, and print it
      --json             every event as one JSON object a line on stdout
  -q, --quiet            only replies and errors
  -v, --verbose          print what was sent
  -h, --help             this
`,
  receive: `Wait for one message, print it and leave.

charla receive [-p PORT] [-b ADDRESS]

The message is not encrypted: anyone on the network can read it.

  -p, --port N         listen on port N (default 12345; 0: any free one)
  -b, --bind ADDRESS   listen on this address only
      --reply[=TEXT]   reply with TEXT, or with a line of stdin
      --json           every event as one JSON object a line on stdout
  -q, --quiet          only the message and errors
  -v, --verbose        print the reply
  -h, --help           this
`,
  history: `Show the messages of a room.

charla history [--since WHEN] [--search WORDS] [ROOM]       of my server here
charla history [OPTION...] HOST[:PORT]/ROOM | INVITATION    of one that I joined
charla history [OPTION...] - | --invitation-file FILE       of one that I joined

By default the last 100 messages, else those that --since and --search select,
one a line, oldest first, with local times. The default room is main.

      --since WHEN     not before WHEN: 30m, 1h, 2d ago, 2026-11-22 or
                       2026-11-22T10:00
      --search WORDS   with all of these words, or words that start like them
      --last N         the last N of them
      --all            all of them
      --delete-before WHEN|N   delete what is before WHEN, or the number N
      --data DIR       the folder of the server (~/.local/share/charla)
      --json           one JSON object a line
  -q, --quiet          only messages and errors
  -v, --verbose        seconds, and the fingerprints of the authors
  -h, --help           this
`,
  doctor: `Check this machine, or the path to a server, and say how to solve problems.

charla doctor [HOST[:PORT] | INVITATION | - | --invitation-file FILE]

Without an argument: whether charla can listen here, from where this machine can
be reached, and whether charla can write its files. Of a server: whether it
answers, the round-trip time, the loss and the longest datagram; if it lets you
in, also its clock, and whether there is a NAT.

      --json           one JSON object a line
  -q, --quiet          only notes and problems
  -h, --help           this

The exit status is 1 if there is a problem.
`,
  serve: `Share a folder over HTTP.

charla serve [OPTION...] [DIR]

Without DIR, the current folder. Only this machine can connect, unless --public
or --bind is given. Nothing outside of the folder is served.

      --public          listen on every address, and print the URLs
  -p, --port N          listen on port N (8000; 0: any free one)
  -b, --bind ADDRESS    listen on this address only
      --auth USER:PASSWORD   require this user and password
      --tls             HTTPS with a new self-signed certificate
      --tls-cert FILE --tls-key FILE   HTTPS with this certificate
      --upload          accept uploads; --overwrite: may replace existing files
      --max-upload N    limit uploads to N bytes (500K, 20M; 1G by default)
      --spa             serve /index.html for unknown paths
      --cors            let pages of other sites read the files
      --no-listing      no listing of folders without an index.html
      --dotfiles, --follow-symlinks   serve hidden files; links out of DIR
      --json            log each request as a JSON object on stdout
  -q, --quiet           no log; -h, --help: this

Ctrl-C ends the server after the pending responses, or after 5 seconds.
`,
  get: `Fetch a URL over HTTP: the body on stdout, everything else on stderr.

charla get [-o FILE | -O] [OPTION...] URL

  -o, --output FILE     save in FILE; -O: named after the end of the URL
      --resume          continue FILE.part, if the file has not changed
      --sha256 HEX      check the SHA-256 of the body
      --max-bytes N     fail after N bytes (2048, 10M, 2G)
  -i, --include         print the headers, too; -I, --head: only the headers
  -H, --header LINE     send this header: "Accept: text/plain"
  -X, --request METHOD  the method; by default GET, or POST with data
  -d, --data DATA       send DATA, the content of @FILE, or - for stdin
      --json DATA       the same, as JSON
  -F, --form FIELD      send a form: NAME=TEXT, NAME=@FILE
  -u, --user USER[:PASSWORD]
      --timeout N       give up after N seconds without data (300; 0: never)
      --retry N         retry temporary failures N times, with growing waits
      --no-fail         a status of 400 or more is not an error
      --insecure        trust any certificate; --cacert FILE: those in FILE
      --http0.9         send the lesson's request, GET /path; print 2048 bytes
  -q, -v, -h            quiet; verbose; this
`,
  stop: `End my server on this machine, and wait until it has ended.

charla stop [--data DIR]

Members wait, and come back when it is started again.

      --data DIR       the server that stores its messages in DIR; by default
                       the one that was started last
      --json           one JSON object
  -q, --quiet          only errors
  -v, -h               verbose; this
`,
  id: `Show my name, and the fingerprint of my key.

charla id

Others see the same fingerprint, and so know that it is you. The key is made on
first use, and kept in the config folder, ~/.config/charla.

      --json           one JSON object, with the public key as well
  -q, --quiet          do not say that a key was made
  -v, --verbose        print the path of the key
  -h, --help           this
`,
};
