// Handshake patterns (Noise s. 7.1): which keys each message carries and mixes in. Data; what the tokens
// do is in handshake.ts.

export type Token = "e" | "s" | "ee" | "es" | "se" | "psk";

export interface HandshakePattern {
  /** As it stands in the protocol's name (Noise s. 8.1). */
  readonly name: string;
  /** The initiator writes the first message, the responder the second, and so on. */
  readonly messages: readonly (readonly Token[])[];
}

/** Both show who they are, the responder first; anyone may (Noise s. 7.5). */
export const XX: HandshakePattern = {
  name: "XX",
  messages: [["e"], ["e", "ee", "s", "es"], ["s", "se"]],
};

/** The same, and the last message shows that the initiator knows the pre-shared key (Noise s. 9.4). */
export const XXpsk3: HandshakePattern = {
  name: "XXpsk3",
  messages: [["e"], ["e", "ee", "s", "es"], ["s", "se", "psk"]],
};
