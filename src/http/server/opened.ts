// What was opened in the shared folder, and is closed at the end of its scope, unless it is moved on; and how it is read.

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, read, readSync } from "node:fs";
import { promisify } from "node:util";

abstract class Opened implements Disposable {
  readonly descriptor: number;
  /** ms since 1970, with fractions, to some microseconds. */
  readonly modified: number;
  readonly inode: number;
  #isOpen = true;

  constructor(descriptor: number, modified: number, inode: number) {
    this.descriptor = descriptor;
    this.modified = modified;
    this.inode = inode;
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) closeSync(this.descriptor);
    this.#isOpen = false;
  }

  /** For `move()`: whoever has the descriptor now closes it. */
  protected release(): void {
    if (!this.#isOpen) throw new Error("it is closed, or was moved on");
    this.#isOpen = false;
  }
}

export class OpenedFile extends Opened {
  readonly kind = "file";
  readonly size: number;

  constructor(descriptor: number, modified: number, inode: number, size: number) {
    super(descriptor, modified, inode);
    this.size = size;
  }

  /** The same file for another scope to close. */
  move(): OpenedFile {
    this.release();
    return new OpenedFile(this.descriptor, this.modified, this.inode, this.size);
  }

  isExecutable(): boolean {
    return (fstatSync(this.descriptor).mode & 0o111) !== 0;
  }

  /** A part, or less if the file has become shorter. @param end exclusive */
  read(start: number, end: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(end - start);
    for (let at = 0; at < bytes.length;) {
      const count = readSync(this.descriptor, bytes, at, bytes.length - at, start + at);
      if (count === 0) return bytes.subarray(0, at);
      at += count;
    }
    return bytes;
  }

  /** A piece, read off the main thread, so that a slow disk delays only this one; empty at the end of the file. */
  async readPiece(start: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = Buffer.allocUnsafeSlow(length);
    const { bytesRead } = await readAsync(this.descriptor, buffer, 0, length, start);
    return bytesRead === length ? buffer : buffer.subarray(0, bytesRead);
  }

  /**
   * The whole file in pieces, up to the size that it had when it was opened, even if it grows.
   *
   * @throws {ShortenedFile}
   */
  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    for (let at = 0; at < this.size;) {
      const piece = await this.readPiece(at, Math.min(PIECE, this.size - at));
      if (piece.length === 0) throw new ShortenedFile();
      at += piece.length;
      yield piece;
    }
  }
}

export class OpenedFolder extends Opened {
  readonly kind = "folder";
  /** On Linux a path of the descriptor; elsewhere that of its name, which may come to mean something else. */
  readonly path: string;

  constructor(descriptor: number, modified: number, inode: number, path: string) {
    super(descriptor, modified, inode);
    this.path = path;
  }

  move(): OpenedFolder {
    this.release();
    return new OpenedFolder(this.descriptor, this.modified, this.inode, this.path);
  }

  /** Which folder it is, by whatever path it was found. */
  identity(): string {
    const { dev, ino } = fstatSync(this.descriptor);
    return `${dev}:${ino}`;
  }
}

/** A file has fewer bytes than when it was opened: what was announced of it cannot be sent. */
export class ShortenedFile extends Error {
  constructor() {
    super("the file has become shorter");
  }
}

/** Bytes: enough to keep a connection busy, few enough for many at a time. */
export const PIECE = 131_072;

const readAsync = promisify(read);
