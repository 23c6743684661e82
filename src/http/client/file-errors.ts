// What the system says when a file cannot be written, in words for a person. Pure.

import { CharlaError, systemCode } from "../../errors.ts";

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

export function describeWriteError(cause: unknown, path: string): CharlaError {
  if (cause instanceof CharlaError) return cause;
  const code = systemCode(cause);
  if (FULL.has(code)) {
    return new CharlaError(
      "DISK_FULL",
      `there is no room for more of ${path}`,
      "make room, then go on with --resume; or choose another place with -o FILE",
      { cause },
    );
  }
  return notWritable(path, reasonOf(code, cause), cause);
}

export function notWritable(path: string, why: string, cause?: unknown): CharlaError {
  return new CharlaError(
    "FILE_NOT_WRITABLE",
    `${path} cannot be written: ${why}`,
    "choose another place with -o FILE",
    { cause },
  );
}

function reasonOf(code: string, cause: unknown): string {
  switch (code) {
    case "ENOENT":
      return "there is no such folder";
    case "ENOTDIR":
      return "what should be its folder is a file";
    case "EACCES":
    case "EPERM":
      return "you may not";
    case "EROFS":
      return "the file system is read-only";
    case "ENAMETOOLONG":
      return "its name is too long";
    case "EISDIR":
      return "it is a folder";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}
