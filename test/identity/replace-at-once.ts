// Replaces a file twenty times, and reads it each time: whoever wrote it, it is whole.

import { readFileSync } from "node:fs";

import { replaceFile } from "../../src/identity/atomic-file.ts";
import { everyoneIsReady } from "./at-once.ts";

const [path = "", digit = ""] = process.argv.slice(2);
await everyoneIsReady();
let fault = "whole";
for (let count = 0; count < 20; count += 1) {
  replaceFile(path, digit.repeat(10_000));
  const text = readFileSync(path, "utf8");
  if (!/^(\d)\1{9999}$/.test(text)) fault = `broken: ${text.length} characters`;
}
console.log(fault);
