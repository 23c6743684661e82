// The tables of commands and options, as a completion script needs them: by command, with each option once.

import { PAGES } from "../help-pages.ts";
import {
  type CommandName,
  COMMANDS,
  type Option,
  optionsOf,
  type PageName,
  type ValueKind,
  valueOn,
  writtenForms,
} from "../option-table.ts";

export interface CompletedOption {
  readonly name: string;
  readonly short: string | undefined;
  /** As it is written, long and short. */
  readonly forms: readonly string[];
  readonly takes: Option["takes"];
  /** How the help calls its value; empty without one. */
  readonly valueName: string;
  readonly kind: ValueKind;
  readonly repeats: boolean;
  /** Of somebody who joins: it does not go with --server. */
  readonly excludesServer: boolean;
  readonly does: string;
}

export interface CompletedCommand {
  readonly name: CommandName;
  /** In a few words. */
  readonly does: string;
  readonly options: readonly CompletedOption[];
  readonly argument: ValueKind;
}

/** A conversation first, which has no name. */
export function completedCommands(): CompletedCommand[] {
  return (["chat", ...COMMANDS] as const).map((name) => {
    const pages: PageName[] = name === "chat" ? ["chat", "server"] : [name];
    const found = new Map<string, CompletedOption>();
    for (const page of pages) {
      for (const [option, about] of optionsOf(page)) {
        if (!found.has(option)) found.set(option, completedOption(option, about, page));
      }
    }
    const { title, argument } = PAGES[name];
    const does = title.replace(/[.:].*$/, "");
    return { name, does, options: [...found.values()], argument };
  });
}

function completedOption(name: string, option: Option, page: PageName): CompletedOption {
  const { short, takes, repeats, does } = option;
  const value = valueOn(page, option);
  return {
    name,
    short,
    forms: writtenForms(name, option),
    takes: takes === "optional" && value === undefined ? "flag" : takes,
    valueName: value?.name ?? "",
    kind: value?.kind ?? "text",
    repeats: repeats === true,
    excludesServer: page === "chat" && does.server === undefined,
    does: does[page] ?? "",
  };
}

/** Whether the next word is its value. */
export function takesNextWord({ takes }: CompletedOption): boolean {
  return takes === "value" || takes === "text";
}

/** Values that are known here, files, or one of a few; of others, such as a number, nothing can be offered. */
export function isOffered(kind: ValueKind): boolean {
  if (typeof kind !== "string") return true;
  return ["room", "server", "room-or-joined", "file", "folder", "data"].includes(kind);
}

/** Puts texts, or lines, in the places of a script that are written `@name@`. */
export function fillIn(
  script: string,
  places: Readonly<Record<string, string | readonly string[]>>,
): string {
  return script.replaceAll(/@(\w+)@/g, (_place, name: string) => {
    const text = places[name] ?? "";
    return typeof text === "string" ? text : text.join("\n");
  });
}
