// A channel carries messages between a member and the server of its room: in order, without loss while it lasts, and
// with a bound on what is in flight. Knows nothing of what carries them; a session of the sealed wire is one.

export interface Channel {
  /**
   * Says messages, in order. True when there was room for all; else a promise of it: true once there is, false
   * when the channel ended first.
   *
   * @param stream the same messages, each behind its length (docs/protocol.md s. 11), where they are sent to many: so
   * they are in memory once, and nobody changes them
   */
  sayAll(messages: readonly Uint8Array[], stream?: Uint8Array): boolean | Promise<boolean>;
  /**
   * Tells the other end at most 64 bytes beside the messages, which may come before them; they replace those that were told before.
   * Not on every channel.
   */
  note?(bytes: Uint8Array): void;
  /** Sets the handlers. What came before them is kept for them. */
  receive(handlers: ChannelHandlers): void;
  /** Ends it once everything said has arrived; the other end learns why. Without a code it is done. */
  close(code?: number, reason?: string): Promise<void>;
  /** Ends it now; the other end learns why. */
  abort(code: number, reason: string): void;
  /** Resolves, with the reason, when it is over and all that came was handed on. */
  readonly ended: Promise<unknown>;
  /** The way that it takes now, where that is known. */
  way?(): CurrentWay;
}

/** How messages get from a member to the server. */
export interface CurrentWay {
  /** `local` is within one program, which holds the server and its owner. */
  readonly transport: "udp" | "websocket" | "local";
  /** HOST or HOST:PORT of the relay that passes them on; without one, they go directly. */
  readonly relay?: string;
  /** The round trip, ms; absent until it is measured. */
  readonly milliseconds?: number;
}

/** What a channel calls at the end that it belongs to. */
export interface ChannelHandlers {
  /** While the promise that it returned is pending nothing more is handed on, and soon the other end has to wait. */
  onMessages(messages: readonly Uint8Array[]): void | Promise<void>;
  /** The other end's newest note. */
  onNote?(bytes: Uint8Array): void;
  /** Nothing has come from the other end for `duration` ms, though something should have. */
  onSilent?(duration: number): void;
  /** The other end is heard again after a silence of `duration` ms. */
  onHeard?(duration: number): void;
  /** It takes another way than before. */
  onWay?(): void;
  /** It has ended, though what came before may not be handed on yet: nothing is worth waiting for any more. */
  onEnd?(): void;
}

/** Codes of CLOSE when the program ends a session, with a reason in words (docs/protocol.md s. 15.3). */
export const ENDED_BY_PROGRAM = 1;
/** The server does not let this member into the room. */
export const NOT_ADMITTED = 16;
/** An operator has removed this member, which may come back. */
export const KICKED = 17;
/** This member may not come back. */
export const BANNED = 18;
/** The owner has deleted the room that this member was in. */
export const ROOM_DELETED = 20;
/** The server stops for now: its members reconnect when it is back. */
export const GOING_AWAY = 19;
