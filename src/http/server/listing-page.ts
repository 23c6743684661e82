// A folder as a page: readable on a phone and in a browser of a terminal, without a script. Pure.

import { type Entries, type Entry, type Order, type Sort, sorted, SORTS } from "./entries.ts";
import { STYLE } from "./listing-style.ts";
import { joined, type Markup, markup } from "./markup.ts";

export interface ListingPage {
  readonly path: readonly string[];
  readonly entries: Entries;
  readonly order: Order;
  /** As what the whole folder can be had: "zip", "tar". */
  readonly archives: readonly string[];
  /** What stands between the listing and the foot. */
  readonly extra: Markup;
}

/** A folder: without any, browsers ask for one at the top of the host. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Cpath fill='%230757b8' d='M1 3h5l2 2h7v9H1z'/%3E%3C/svg%3E";

const TITLES: Readonly<Record<Sort, string>> = { name: "Name", size: "Size", time: "Changed" };

export function listingPage(page: ListingPage): string {
  const { path, entries, order, archives, extra } = page;
  const rows = sorted(entries.entries, order).map(rowOf);
  const { text } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>/${path.join("/")}</title>
<link rel="icon" href="${{ text: ICON }}">
<style>${{ text: STYLE }}</style>
</head>
<body>
<h1>${breadcrumb(path)}</h1>
<table>
<thead><tr>${joined(SORTS.map((sort) => headOf(sort, order)))}</tr></thead>
<tbody>
${path.length === 0 ? markup`` : PARENT}${joined(rows)}</tbody>
</table>
${rows.length === 0 ? EMPTY : markup``}${extra}<footer>${joined(archives.map(archiveLink))}<span>${countOf(entries)}</span></footer>
</body>
</html>
`;
  return text;
}

const PARENT = markup`<tr><td><a href="../">../</a></td><td class="size"></td><td class="time"></td></tr>
`;

const EMPTY = markup`<p>Nothing is here yet.</p>
`;

/** Each folder on the way a link; relative, so that the page works behind a proxy with a prefix. */
function breadcrumb(path: readonly string[]): Markup {
  const links = path.map((name, index) => {
    const up = path.length - 1 - index;
    return up === 0
      ? markup`<span aria-current="page">${name}</span> /`
      : markup`<a href="${"../".repeat(up)}">${name}</a> / `;
  });
  const top = path.length === 0 ? "./" : "../".repeat(path.length);
  return markup`<a href="${top}">home</a> / ${joined(links)}`;
}

/** Once more on the column that it is sorted by turns it round. */
function headOf(sort: Sort, { sort: current, descending }: Order): Markup {
  const isCurrent = sort === current;
  const next = isCurrent && !descending ? "desc" : "asc";
  const arrow = descending ? " ↓" : " ↑";
  const state = descending ? "descending" : "ascending";
  const aria = isCurrent ? markup` aria-sort="${state}"` : markup``;
  const title = TITLES[sort] + (isCurrent ? arrow : "");
  return markup`<th scope="col" class="${sort}"${aria}><a href="?sort=${sort}&amp;order=${next}">${title}</a></th>`;
}

function rowOf({ name, kind, size, modified }: Entry): Markup {
  const slash = kind === "folder" ? "/" : "";
  // The "./" keeps a name with a colon from being a scheme.
  const href = `./${encodeURIComponent(name)}${slash}`;
  const time = new Date(modified);
  const bytes = size === null ? "" : shortSize(size);
  return markup`<tr><td><a href="${href}">${name + slash}</a></td><td class="size">${bytes}</td><td class="time"><time datetime="${time.toISOString()}">${dayOf(time)}<span> ${hourOf(time)}</span></time></td></tr>
`;
}

function archiveLink(kind: string): Markup {
  return markup`<a href="?archive=${kind}">all as .${kind}</a>`;
}

function countOf({ entries, more }: Entries): string {
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const files = entries.length - folders;
  const bytes = entries.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const beyond = more === 0 ? "" : `, and ${more} more that are not shown`;
  return `${plural(folders, "folder")}, ${plural(files, "file")}, ${shortSize(bytes)}${beyond}`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Three digits say enough: 1023 B, 1.5 KiB, 24 MiB. */
export function shortSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_023.5 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** In the zone of the machine whose files they are. */
function dayOf(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function hourOf(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
