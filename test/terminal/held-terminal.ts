// Holds the terminal that it is started on, for tests: prints what comes, and ends in the way that the letter typed says.
//
//   bun held-terminal.ts PID-FILE

import { writeFileSync } from "node:fs";

import { readInput } from "../../src/terminal/input/input-reader.ts";
import { isTerminal } from "../../src/terminal/io.ts";
import { holdTerminal } from "../../src/terminal/tty.ts";

const [pidFile = ""] = process.argv.slice(2);
const { stdin, stdout } = process;
if (!isTerminal(stdin)) throw new Error("no terminal");

const print = (text: string) => void stdout.write(`${text}\r\n`);

const held = holdTerminal(stdin, stdout, {
  released: () => print("released"),
  returned: () => print("returned"),
  killed: () => writeFileSync(`${pidFile}.killed`, ""),
  hungUp() {
    writeFileSync(`${pidFile}.hung-up`, "");
    held[Symbol.dispose]();
    process.exit(0);
  },
});
// The end of the input is what it is to notice.
process.on("SIGHUP", () => {});
readInput(stdin, (event) => {
  if (event.type === "paste") print(`pasted ${JSON.stringify(event.text)}`);
  if (event.type !== "key") return;
  const { name, ctrl } = event.key;
  print(`key ${ctrl ? "ctrl+" : ""}${name}`);
  if (ctrl && name === "z") held.suspend();
  else if (name === "t") throw new Error("thrown");
  else if (name === "r") void Promise.reject(new Error("rejected"));
  else if (name === "x") process.exit(0);
  else if (name === "c") {
    held[Symbol.dispose]();
    stdin.destroy();
  } else if (name === "l") lend();
  else if (name === "k") {
    const lent = held.lend();
    process.once("SIGQUIT", () => print("SIGQUIT"));
    process.once("SIGHUP", () => lent[Symbol.dispose]());
    print("lent");
  } else if (name === "q") {
    using _lent = held.lend();
    process.once("SIGQUIT", () => print("late SIGQUIT"));
    // This turn has to end before the runtime reports it.
    process.kill(process.pid, "SIGQUIT");
  }
});

function lend(): void {
  using _lent = held.lend();
  Bun.spawnSync(["sh", "-c", "stty -a | grep -o '.icanon'"], {
    stdin: "inherit",
    stdout: "inherit",
  });
}

stdin.resume();
writeFileSync(pidFile, String(process.pid));
print("ready");
