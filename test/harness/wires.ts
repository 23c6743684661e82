// The arguments that open and join a conversation without an invitation, on each wire: for tests of behaviour
// that both share.

export interface Wire {
  readonly wire: "plain" | "sealed";
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** What stands before the server's messages on a screen, without their time. */
  readonly from: string;
  /** What stands before the client's own messages on its screen, without their time. */
  readonly own: string;
  /** What precedes the client's messages in a pipe. */
  readonly fromClient: string;
}

export const PLAIN: Wire = {
  wire: "plain",
  server: ["--server", "--plain"],
  client: ["--plain"],
  from: "< ",
  own: "> ",
  fromClient: "",
};

export const SEALED: Wire = {
  wire: "sealed",
  server: ["--server", "--open", "--name", "ana"],
  client: ["--name", "ben"],
  from: "ana ",
  own: "ben ",
  fromClient: "ben: ",
};

export const WIRES: readonly Wire[] = [PLAIN, SEALED];
