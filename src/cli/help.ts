// What `--help` prints, laid out from the tables of commands and options. Each help fits a screen of 80 by 24.

import { type HelpRow, LISTED, PAGES } from "./help-pages.ts";
import { type Option, type PageName, tableFor, valueOn } from "./option-table.ts";

/** Columns of a terminal that was never resized. */
const WIDTH = 80;
/** Columns before the texts of options; what is longer than `MAX_BEGINNING` has its text after a gap. */
const MIN_COLUMN = 23;
const MAX_BEGINNING = 22;
/** Options that share a row, from which on each is written in one form only. */
const MANY = 3;

/** @throws {Error} a row of the table does not fit */
export function helpText(page: PageName): string {
  const { title, synopsis, about, rows, notes } = PAGES[page];
  const isMain = page === "chat";
  const blocks = [
    [title],
    isMain ? listOfCommands() : synopsis.map((line) => `charla ${line}`),
    ...about,
    alignRows(rows.map((row) => optionRow(page, row))),
    notes,
  ];
  const text = blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n");
  const wide = text.split("\n").find((line) => line.length > WIDTH);
  if (wide !== undefined) throw new Error(`a row of ${wide.length} columns: ${wide}`);
  return text;
}

/** `-p, --port N`, without the short form `--port N`; what a person writes. */
function writtenOption(page: PageName, name: string, option: Option): string {
  const value = valueOn(page, option);
  const written =
    value === undefined ? "" : option.takes === "optional" ? `[=${value.name}]` : ` ${value.name}`;
  const long = `--${name}${written}`;
  return option.short === undefined ? long : `-${option.short}, ${long}`;
}

function listOfCommands(): string[] {
  return LISTED.flatMap(([page, ...others]) => {
    const more = others.flatMap((other) =>
      PAGES[other].listed.map(([written, does]) => `; charla ${written}: ${does}`),
    );
    return PAGES[page].listed.map(
      ([written, does]) => `charla ${written}`.padEnd(28) + does + more.join(""),
    );
  });
}

type Row = readonly [beginning: string, text: string];

function alignRows(rows: readonly Row[]): string[] {
  const lengths = rows.map(([{ length }]) => length).filter((length) => length <= MAX_BEGINNING);
  const column = Math.max(MIN_COLUMN, Math.max(...lengths) + 2);
  return rows.flatMap(([beginning, text]) => {
    const start = beginning.length + 2 <= column ? beginning.padEnd(column) : `${beginning}   `;
    return `${start}${text}`.length <= WIDTH ? start + text : wrap(start, text);
  });
}

/** In lines that begin where the text does. */
function wrap(start: string, text: string): string[] {
  const lines: string[] = [];
  let line = start;
  for (const word of text.split(" ")) {
    if (line.length + word.length > WIDTH) {
      lines.push(line.trimEnd());
      line = " ".repeat(start.length);
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}

function optionRow(page: PageName, row: HelpRow): Row {
  const [written, text] = typeof row === "string" ? [row, null] : row;
  const options = written.split(" ").map((name) => findOption(page, name));
  const [first, ...others] = options;
  if (first === undefined) throw new Error(`an empty row in the help of ${page}`);
  // What has no short form stands below the long forms of the others.
  const indent = first.short === undefined ? "      " : "  ";
  if (text !== null) {
    const forms = options.map((each) =>
      options.length > MANY && each.short !== undefined ? `-${each.short}` : each.written,
    );
    const start = options.length > MANY && first.short !== undefined ? "  " : indent;
    return [start + forms.join(", "), text];
  }
  const rest = others.map((each) => `; ${each.written}: ${each.does}`);
  return [indent + first.written, first.does + rest.join("")];
}

function findOption(page: PageName, name: string) {
  const option = tableFor(page)[name];
  const does = option?.does[page];
  if (option === undefined || does === undefined) throw new Error(`${page} has no option ${name}`);
  return { short: option.short, written: writtenOption(page, name, option), does };
}
