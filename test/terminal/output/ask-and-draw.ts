// Runs on a terminal: asks it what charla asks at the start, draws random texts, and writes to a file how wide each was drawn and
// what had been expected after the answers.
//
// Arguments: the file, how many texts, and the seed.

import { writeFileSync } from "node:fs";

import { createInputDecoder } from "../../../src/terminal/input/input-decoder.ts";
import type { InputEvent } from "../../../src/terminal/input/input-event.ts";
import { answered, ask } from "../../../src/terminal/output/questions.ts";
import { sampleTexts } from "./sample-texts.ts";

/** Texts drawn before their reports are awaited. */
const BATCH = 50;

const [file = "", count = "0", seed = "0"] = process.argv.slice(2);
const decoder = createInputDecoder();
const strays: unknown[] = [];
const events: InputEvent[] = [];
let wake = () => {};

async function nextAnswer() {
  for (;;) {
    const event = events.shift();
    if (event?.type === "answer") return event.answer;
    if (event !== undefined) strays.push(event);
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

process.stdin.setRawMode(true);
process.stdin.on("data", (bytes: Buffer) => {
  events.push(...decoder.decode(bytes, performance.now()));
  wake();
});

const size = { columns: process.stdout.columns, rows: process.stdout.rows };
let inquiry = ask(process.env, size, null, performance.now());
decoder.expectCursor(inquiry.cursorReports);
process.stdout.write(inquiry.sequence);
while (inquiry.open) inquiry = answered(inquiry, await nextAnswer());

const { width, ...capabilities } = inquiry.capabilities;
const wrong: string[] = [];
const texts = sampleTexts(Number(count), Number(seed));
for (let start = 0; start < texts.length; start += BATCH) {
  const batch = texts.slice(start, start + BATCH);
  decoder.expectCursor(batch.length);
  // A letter after each: a joiner that was left over would take what comes next.
  process.stdout.write(batch.map((text) => `\r\x1b[K${text}\x1b[6nx`).join(""));
  for (const text of batch) {
    const answer = await nextAnswer();
    if (answer.type !== "cursor") throw new Error(`an answer of type ${answer.type}`);
    const drawn = answer.column - 1;
    if (width(text) !== drawn) wrong.push(`${text}: ${width(text)}, drawn ${drawn}`);
  }
}
process.stdout.write("\r\x1b[K");
const report = {
  // Without the one that is a function.
  capabilities,
  version: inquiry.answers.version,
  isMeasured: inquiry.widths !== null,
  // What came in and was no answer.
  strays,
  wrong,
};
writeFileSync(file, JSON.stringify(report));
process.exit();
