// `charla config`: what is set for good, to what, and where: in a variable, in the config file, or nowhere.

import { usageError } from "../errors.ts";
import type { Io } from "../terminal/io.ts";
import { quoteWord } from "./command-options.ts";
import { CONFIG_VARIABLE, configPath } from "./config/config-file.ts";
import { findSettings, type Found, type Setting, SETTINGS } from "./config/settings.ts";
import type { Option } from "./option-table.ts";
import { type CommandLine, helpFor } from "./options.ts";

export async function config({ words, flags }: CommandLine, io: Io): Promise<number> {
  if (words.length > 0) {
    throw usageError(
      `config takes no arguments, but got ${quoteWord(words[0])}`,
      "charla config --path prints the path of the file, to open it in an editor",
    );
  }
  const path = configPath(io);
  if (flags.has("path")) {
    if (path === null) {
      throw usageError(
        "there is no config file: CHARLA_CONFIG is empty, or there is no home folder",
        `${CONFIG_VARIABLE} names one; ${helpFor("config")}`,
      );
    }
    await io.print(flags.has("json") ? JSON.stringify({ type: "config", path }) : path);
    return 0;
  }
  const found = await findSettings(io, flags.has("no-config"));
  const rows = SETTINGS.map((setting) => ({
    setting,
    found: found.find((each) => each.setting === setting),
  }));
  await io.print(
    flags.has("json")
      ? rows.map((row) => JSON.stringify(asEvent(row))).join("\n")
      : asText(rows).join("\n"),
  );
  return 0;
}

interface Row {
  readonly setting: Setting;
  readonly found: Found | undefined;
}

function asEvent({ setting: { section, key, option, otherwise }, found }: Row) {
  const place = { type: "setting", section: section === "person" ? null : section, key };
  if (found === undefined) return { ...place, value: null, source: "default", where: otherwise };
  const { source, where } = found;
  const values = found.values.map((value) => typedValue(option, value));
  return {
    ...place,
    value: option.repeats === true ? values : values.at(-1),
    source,
    where: where(),
  };
}

/** As in the file; what is not set as a comment. */
function asText(rows: readonly Row[]): string[] {
  const written = rows.map(({ setting: { key, option, otherwise }, found }) => {
    if (found === undefined) return [`# ${key}`, `default: ${otherwise}`] as const;
    const values = found.values.map((value) => JSON.stringify(typedValue(option, value)));
    const value = values.length === 1 ? values.join("") : `[${values.join(", ")}]`;
    return [`${key} = ${value}`, found.where()] as const;
  });
  const width = Math.max(...written.map(([setting]) => setting.length));
  return rows.flatMap(({ setting: { section } }, index) => {
    const [setting, from] = written[index] ?? ["", ""];
    const isFirst = rows[index - 1]?.setting.section !== section;
    const header = isFirst && section !== "person" ? ["", `[${section}]`] : [];
    return [...header, `${setting.padEnd(width)}  # ${from}`];
  });
}

function typedValue({ takes, value }: Option, written: string): string | number | boolean {
  if (takes === "flag") return written === "true";
  return value?.kind === "port" || value?.kind === "number" ? Number(written) : written;
}
