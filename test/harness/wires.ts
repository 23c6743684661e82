// The arguments that open and join a conversation without an invitation, on each wire: for tests of behaviour
// that both share.

export interface Wire {
  readonly wire: "plain" | "sealed";
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** What precedes the server's messages on a screen. */
  readonly from: string;
  /** What precedes the client's messages in a pipe. */
  readonly fromClient: string;
}

export const PLAIN: Wire = {
  wire: "plain",
  server: ["--server", "--plain"],
  client: ["--plain"],
  from: "< ",
  fromClient: "",
};

export const SEALED: Wire = {
  wire: "sealed",
  server: ["--server", "--open", "--name", "ana"],
  client: ["--name", "ben"],
  from: "ana: ",
  fromClient: "ben: ",
};

export const WIRES: readonly Wire[] = [PLAIN, SEALED];
