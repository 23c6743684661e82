// What one of a person's programs keeps of one room: its own mark, what it has said and the server has not
// stored, and how far it has shown what others said. In memory; a store on disk has the same face.

import { randomBytes } from "node:crypto";

import { encodeBase64url } from "../identity/key-text.ts";

export interface Unstored {
  /** The program's own number for the message. */
  readonly number: number;
  readonly text: string;
}

export interface Device {
  /** 16 random bytes in base64url: with a number, the mark of a message. */
  readonly id: string;
  /** What is not stored yet, oldest first. */
  readonly unstored: readonly Unstored[];
  /** The newest entry that was shown, and of which log; null before the first. */
  readonly cursor: Cursor | null;
  /** Keeps a message until the server has stored it. */
  say(text: string): Unstored;
  /** It is stored, or will never be. */
  settled(number: number): void;
  /** Everything up to this entry was shown. */
  shown(cursor: Cursor): void;
}

/** A place in a log. */
export interface Cursor {
  readonly log: string;
  readonly sequence: number;
}

const ID_BYTES = 16;

export function newDeviceId(): string {
  return encodeBase64url(randomBytes(ID_BYTES));
}

export function memoryDevice(id: string): Device {
  let next = 0;
  let cursor: Cursor | null = null;
  const unstored: Unstored[] = [];
  return {
    id,
    unstored,
    get cursor() {
      return cursor;
    },
    say(text) {
      const message = { number: next, text };
      next += 1;
      unstored.push(message);
      return message;
    },
    settled(number) {
      const index = unstored.findIndex((message) => message.number === number);
      if (index !== -1) unstored.splice(index, 1);
    },
    shown(place) {
      cursor = place;
    },
  };
}
