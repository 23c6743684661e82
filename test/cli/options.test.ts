import { describe, expect, test } from "bun:test";

import { COMMANDS } from "../../src/cli/option-table.ts";
import { helpFor, readCommandLine } from "../../src/cli/options.ts";

/** A command line as its words, split at blanks. */
const read = (line: string) => readCommandLine(line === "" ? [] : line.split(" "));

describe("the command", () => {
  test.each([
    ["", "chat", []],
    ["localhost:80", "chat", ["localhost:80"]],
    ["a b", "chat", ["a", "b"]],
    ["send", "send", []],
    ["send hello world", "send", ["hello", "world"]],
    ["receive", "receive", []],
    ["id", "id", []],
    ["id ana", "id", ["ana"]],
    ["history", "history", []],
    ["history garden", "history", ["garden"]],
    ["localhost id", "chat", ["localhost", "id"]],
    ["--json send hello", "send", ["hello"]],
    ["send send", "send", ["send"]],
    ["localhost send", "chat", ["localhost", "send"]],
    ["sned", "chat", ["sned"]],
    ["send -- --json -x", "send", ["--json", "-x"]],
    ["send -", "send", ["-"]],
  ] as const)("of %p is %s, and its words %j", (line, command, words) => {
    expect(read(line)).toMatchObject({ command, words: [...words] });
  });

  test("words keep the blanks they were given with", () => {
    expect(readCommandLine(["send", "two  words", ""]).words).toEqual(["two  words", ""]);
  });

  test("send, receive, history, doctor, serve, get, relay, id, stop, config and completion are the commands that have a name", () => {
    expect(COMMANDS).toEqual([
      "send",
      "receive",
      "history",
      "doctor",
      "serve",
      "get",
      "relay",
      "id",
      "stop",
      "config",
      "completion",
    ]);
  });
});

describe("the options", () => {
  test.each([
    [
      "--server --plain --turns --stay --json --quiet --verbose",
      "server plain turns stay json quiet verbose",
    ],
    ["-q -v -h", "quiet verbose help"],
    ["-qvh", "quiet verbose help"],
    ["--help", "help"],
    ["--version", "version"],
    ["localhost --plain", "plain"],
    ["send --reply hello", "reply"],
    ["receive --reply", "reply"],
    ["receive --json --quiet", "json quiet"],
    ["id --json -qv", "json quiet verbose"],
    ["history --all --json -qv", "all json quiet verbose"],
    ["--json --json", "json"],
  ])("of %p are %s", (line, names) => {
    expect([...read(line).flags]).toEqual(names.split(" "));
    expect(read(line).values).toBeEmpty();
  });

  test.each([
    ["--server --port 8000", { port: "8000" }],
    ["--server --port=8000", { port: "8000" }],
    ["--server -p 8000", { port: "8000" }],
    ["--server -p8000", { port: "8000" }],
    ["-qp 8000", { port: "8000" }],
    ["--bind ::1 -p 0", { bind: "::1", port: "0" }],
    ["-b 127.0.0.1", { bind: "127.0.0.1" }],
    ["receive -p 8000 -b ::1", { port: "8000", bind: "::1" }],
    ["send --to localhost:80 hello", { to: "localhost:80" }],
    ["history --since 1h --search hello", { since: "1h", search: "hello" }],
    ["history --last 10 --data here", { last: "10", data: "here" }],
    ["receive --reply=hello", { reply: "hello" }],
    ["receive --reply=", { reply: "" }],
    ["receive --reply=a=b", { reply: "a=b" }],
    ["-p 1 -p 2", { port: "2" }],
  ])("of %p have the values %j, as they are written", (line, values) => {
    expect(Object.fromEntries(read(line).values)).toEqual(values);
  });

  test("--reply takes its text only after an equals sign", () => {
    expect(read("receive --reply -p 1")).toMatchObject({ words: [] });
    expect(read("send --reply hello")).toMatchObject({ words: ["hello"] });
    expect(read("send --reply hello").values).toBeEmpty();
  });

  test("after -- are words, not options", () => {
    expect(read("-- --server").words).toEqual(["--server"]);
    expect(read("-- --server").flags).toBeEmpty();
  });
});

describe("what is wrong with the options is said", () => {
  test.each([
    ["--plian", "--plian", "did you mean --plain?"],
    ["--sever", "--sever", "did you mean --server?"],
    ["--server --for 3", "--for", "/invite --for is typed in a conversation, by its owner"],
    ["--server --uses=3", "--uses", "/invite --uses is typed in a conversation, by its owner"],
    ["send --jsno", "--jsno", "did you mean --json?"],
    ["--port8000", "--port8000", "charla --help lists the options"],
    ["--encrypt", "--encrypt", "charla --help lists the options"],
    ["--encrypt=yes", "--encrypt", "charla --help lists the options"],
    ["-y", "-y", "charla --help lists the options"],
    ["-qy", "-y", "charla --help lists the options"],
    ["--no-json", "--no-json", "charla --help lists the options"],
    ["--sevrer --plian", "--sevrer", "did you mean --server?"],
    ["--server --encrypt", "--encrypt", "charla --server --help lists the options"],
    ["-y --server", "-y", "charla --server --help lists the options"],
    // Near are only options that this command does not have.
    ["history --from ana", "--from", "charla history --help lists the options"],
    ["history --fo ana", "--fo", "charla history --help lists the options"],
    ["history --serach lunch", "--serach", "did you mean --search?"],
    ["receive --wait", "--wait", "charla receive --help lists the options"],
    ["--server --sty", "--sty", "charla --server --help lists the options"],
    ["--sty", "--sty", "did you mean --stay?"],
    ["--foo", "--foo", "charla --help lists the options"],
    ["send --fo ana", "--fo", "charla send --help lists the options"],
    ["get --insceure", "--insceure", "did you mean --insecure?"],
    ["--q", "--q", "did you mean -q?"],
    ["get -z", "-z", "charla get --help lists the options"],
  ])("%p is UNKNOWN_OPTION", (line, option, hint) => {
    expect(() => read(line)).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_OPTION",
        message: `there is no option ${option}`,
        hint,
      }),
    );
  });

  test.each([
    ["--port", "--port needs a value", "see charla --server --help"],
    ["--server -p", "-p needs a value", "see charla --server --help"],
    ["--bind=", "--bind needs a value", "see charla --server --help"],
    ["send --to", "--to needs a value", "see charla send --help"],
    ["receive -b", "-b needs a value", "see charla receive --help"],
    ["--json=yes", "--json takes no value", "see charla --help"],
    ["--server=", "--server takes no value", "see charla --server --help"],
    ["send --quiet=1", "--quiet takes no value", "see charla send --help"],
    ["send --turns", "--turns does not go with charla send", "it goes with a conversation"],
    ["receive --server", "--server does not go with charla receive", "it goes with a conversation"],
    [
      "send -p 80",
      "-p does not go with charla send",
      "it goes with a conversation and charla receive and charla serve and charla relay",
    ],
    [
      "id -p 80",
      "-p does not go with charla id",
      "it goes with a conversation and charla receive and charla serve and charla relay",
    ],
    ["serve --turns", "--turns does not go with charla serve", "it goes with a conversation"],
    ["serve --tls=1", "--tls takes no value", "see charla serve --help"],
    ["serve --auth", "--auth needs a value", "see charla serve --help"],
    ["--upload", "--upload does not go with a conversation", "it goes with charla serve"],
    ["id --json=yes", "--json takes no value", "see charla id --help"],
    ["--to localhost", "--to does not go with a conversation", "it goes with charla send"],
    ["--last 1", "--last does not go with a conversation", "it goes with charla history"],
    ["history --search", "--search needs a value", "see charla history --help"],
    [
      "--reply",
      "--reply does not go with a conversation",
      "it goes with charla send and charla receive",
    ],
  ])("%p is USAGE: %s", (line, message, hint) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ code: "USAGE", message, hint }));
  });

  // The options are looked up in an object, which has more names than the options'.
  test.each(["--constructor", "--toString", "--hasOwnProperty", "--__proto__"])(
    "%p is UNKNOWN_OPTION",
    (line) => {
      expect(() => read(line)).toThrow(expect.objectContaining({ code: "UNKNOWN_OPTION" }));
    },
  );

  // Words before and after `--` are taken alike.
  test("a host that is called like a command can be joined after --", () => {
    expect(read("-- send")).toMatchObject({ command: "chat", words: ["send"] });
  });
});

test("each command's help is where its usage errors point to", () => {
  expect(helpFor("chat")).toBe("see charla --help");
  expect(helpFor("send")).toBe("see charla send --help");
  expect(helpFor("receive")).toBe("see charla receive --help");
  expect(helpFor("history")).toBe("see charla history --help");
  expect(helpFor("id")).toBe("see charla id --help");
});
