// Which names a new file may have. Pure.

import { Buffer } from "node:buffer";

/** What file systems take (NAME_MAX), in bytes. */
const MAX_BYTES = 255;

/** Separators of any system, controls, and what stands for bytes that were not UTF-8. */
const UNFIT = /[/\\\p{Cc}\ufffd]/u;
/** Streams of a file on Windows, and what else it does not take. */
const UNFIT_ON_WINDOWS = /[<>:"|?*]|[. ]$/;

/** @param dotfiles whether what could not be seen afterwards may be written */
export function isFileName(name: string, dotfiles: boolean): boolean {
  if (name === "" || name === "." || name === "..") return false;
  if (name.startsWith(".") && !dotfiles) return false;
  if (UNFIT.test(name) || !name.isWellFormed()) return false;
  if (process.platform === "win32" && UNFIT_ON_WINDOWS.test(name)) return false;
  return Buffer.byteLength(name) <= MAX_BYTES;
}

/** Some clients send the path on their own machine. */
export function baseName(written: string): string {
  return written.split(/[/\\]/).at(-1) ?? "";
}
