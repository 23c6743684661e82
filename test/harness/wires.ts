// What opens and what joins a conversation that takes anyone, on each wire: for tests of what is the same
// on both.

export interface Wire {
  readonly wire: "plain" | "sealed";
  readonly server: readonly string[];
  readonly client: readonly string[];
  /** What stands before the server's words on a screen. */
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
