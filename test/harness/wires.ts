// The arguments that open and join a conversation without an invitation, on each wire: for tests of behaviour
// that both share.

export interface Wire {
  readonly wire: "plain" | "sealed";
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** What precedes the server's messages on a screen. */
  readonly from: string;
}

export const PLAIN: Wire = {
  wire: "plain",
  server: ["--server", "--plain"],
  client: ["--plain"],
  from: "< ",
};

export const SEALED: Wire = {
  wire: "sealed",
  server: ["--server", "--open", "--name", "ana"],
  client: ["--name", "ben"],
  from: "ana: ",
};

export const WIRES: readonly Wire[] = [PLAIN, SEALED];
