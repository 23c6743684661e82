// Checks a setting with what reads the option from a command line, so that both have the same rules and bounds. Loads only
// what reads the settings that there are.

import { CharlaError } from "../../errors.ts";
import type { CommandName } from "../option-table.ts";
import type { CommandLine } from "../options.ts";
import type { Found } from "./settings.ts";

/** @throws {CharlaError} CONFIG_INVALID: the same sentence and hint, after the file and line or the variable */
export async function checkSetting(found: Found): Promise<void> {
  const { setting, where } = found;
  try {
    await read(found);
  } catch (error) {
    if (!(error instanceof CharlaError)) throw error;
    const what = error.message.replaceAll(`--${setting.key}`, setting.key);
    throw new CharlaError("CONFIG_INVALID", `${where()}: ${what}`, error.hint, { cause: error });
  }
}

async function read({ setting: { section, key }, values }: Found): Promise<void> {
  const command: CommandName = section === "person" || section === "server" ? "chat" : section;
  const typed = new Set([key]);
  const commandLine: CommandLine = {
    command,
    words: [],
    flags: typed,
    typed,
    values: new Map(values.map((value) => [key, value])),
    lists: new Map([[key, values]]),
    sequence: values.map((value) => [key, value]),
  };
  switch (key) {
    case "name":
      (await import("../person.ts")).memberOptions(commandLine, {});
      return;
    case "timeout":
    case "retry":
      (await import("../get/amount-options.ts")).amountOptions(commandLine);
      return;
  }
  const options = await import("../command-options.ts");
  switch (key) {
    case "port":
    case "bind":
      options.listenOptions(commandLine);
      return;
    case "relay":
      (await import("../relays.ts")).relayOption(commandLine);
      return;
    case "public-host":
      options.publicHostOption(commandLine);
      return;
    case "keep":
    case "quota":
      options.storageOptions(commandLine);
      return;
    case "memory":
      options.memoryOption(commandLine);
      return;
    case "history":
      options.historyCount(commandLine);
      return;
    case "max-upload":
      options.maxUploadOption(commandLine);
      return;
  }
}
