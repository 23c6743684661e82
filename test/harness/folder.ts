// A folder of a test's own, gone at the end of the scope.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder extends Disposable {
  readonly path: string;
  /** Names, in order. */
  list(): string[];
  read(name: string): string;
  write(name: string, content: string | Uint8Array): void;
}

export function newFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "charla-folder-"));
  return {
    path,
    list: () => readdirSync(path).toSorted(),
    read: (name) => readFileSync(join(path, name), "utf8"),
    write: (name, content) => writeFileSync(join(path, name), content),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
