// The listing of a folder as a page: readable on a phone and in a text browser, sortable and filterable without a script. Its style
// and its script are part of the page; its policy allows them by their digests, and nothing else but pictures of the folder. Pure.

import { createHash } from "node:crypto";

import { mediaType } from "../media-types.ts";
import { type Entries, type Entry, PAGE_SIZE, type Sort, SORTS, type View } from "./entries.ts";
import { join, type Markup, markup, NOTHING } from "./markup.ts";
import SCRIPT from "./page.browser.js" with { type: "text" };

import STYLE from "./page.css" with { type: "text" };

export interface ListingPage {
  /** Of the shared folder. */
  readonly name: string;
  readonly path: readonly string[];
  readonly entries: Entries;
  readonly view: View;
  /** The formats in which `?archive=` offers the whole folder: "zip", "tar". */
  readonly archives: readonly string[];
  readonly isUploadable: boolean;
  readonly isManaged: boolean;
  /** README.md as HTML; null if there is none. */
  readonly readme: Markup | null;
}

/** A folder. Without an icon in the page browsers request /favicon.ico. */
const FAVICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Cpath fill='%23e3a008' d='M1 3h5l2 2h7v9H1z'/%3E%3C/svg%3E";

const TITLES: Readonly<Record<Sort, string>> = { name: "Name", size: "Size", time: "Changed" };

/** Drawn on 24 by 24. */
const ICONS = {
  folder: "M3 6h6l2 2h10v11H3z",
  file: "M6 3h8l4 4v14H6z M14 3v4h4",
  text: "M6 3h8l4 4v14H6z M14 3v4h4 M9 12h6 M9 15h6 M9 18h4",
  image: "M4 5h16v14H4z M4 16l5-5 4 4 2-2 5 5 M15 9h.01",
  video: "M4 6h11v12H4z M15 11l5-3v8l-5-3",
  audio: "M9 18V6l10-2v12 M9 18a3 3 0 1 1-1-2 M19 16a3 3 0 1 1-1-2",
  archive: "M4 7h16v13H4z M3 4h18v3H3z M10 11h4",
  up: "M12 19V6 M6 12l6-6 6 6",
  get: "M12 4v11 M7 11l5 5 5-5 M5 20h14",
  rename: "M4 20l1-5L16 4l4 4L9 19z M14 6l4 4",
  delete: "M5 7h14 M9 7V4h6v3 M7 7l1 13h8l1-13",
} as const;
type Icon = keyof typeof ICONS;

const SPRITE = markup`<svg width="0" height="0" aria-hidden="true">${join(
  Object.entries(ICONS).map(
    ([name, path]) =>
      markup`<symbol id="i-${name}" viewBox="0 0 24 24"><path d="${path}"/></symbol>`,
  ),
)}</svg>`;

const icon = (name: Icon) =>
  markup`<svg class="icon" aria-hidden="true"><use href="#i-${name}"/></svg>`;

export function listingPage(page: ListingPage): string {
  const { path, entries, view, archives, isUploadable, isManaged, readme } = page;
  const title = path.at(-1) ?? page.name;
  const { text } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="${{ text: FAVICON }}">
<style>${{ text: STYLE }}</style>
</head>
<body${isManaged ? markup` data-manage` : NOTHING}>
${SPRITE}
${breadcrumb(page)}
<h1>${title}</h1>
<div class="tools">
${isUploadable ? UPLOAD_FORM : NOTHING}${filterForm(view)}
${join(archives.map((kind) => markup`<a class="button" href="?archive=${kind}" download>All as .${kind}</a>\n`))}</div>
<ul class="transfers" aria-live="polite" hidden></ul>
<main id="list">
${notes(page)}
<table>
<thead><tr>${join(SORTS.map((sort) => columnHead(sort, view)))}<th class="get"></th></tr></thead>
<tbody>
${path.length === 0 ? NOTHING : PARENT}${join(entries.entries.map(tableRow))}</tbody>
</table>
${entries.entries.length === 0 && view.filter === "" ? EMPTY : NOTHING}${pager(entries, view)}</main>
${readme === null ? NOTHING : markup`<article class="readme">\n${readme}</article>\n`}${KEYS}
<script>${{ text: SCRIPT }}</script>
</body>
</html>
`;
  return text;
}

const UPLOAD_FORM = markup`<form class="upload" method="post" enctype="multipart/form-data"><input type="file" name="file" aria-label="Files" multiple required><button class="primary">Upload</button></form>
`;

const PARENT = markup`<tr class="folder"><td class="name"><a rel="up" href="../">${icon("up")}<span>..</span></a></td><td class="size"></td><td class="time"></td><td class="get"></td></tr>
`;

const EMPTY = markup`<p class="note">This folder is empty.</p>
`;

const KEYS = markup`<p class="keys">Keys: <kbd>/</kbd> filter, <kbd>↑</kbd> <kbd>↓</kbd> or <kbd>k</kbd> <kbd>j</kbd> move, <kbd>Enter</kbd> open, <kbd>d</kbd> download, <kbd>u</kbd> up</p>`;

/** A link to each folder above; relative, so that the page works behind a proxy with a prefix. */
function breadcrumb({ name, path }: ListingPage): Markup {
  const above = [name, ...path].slice(0, -1);
  if (above.length === 0) return NOTHING;
  const links = above.map(
    (each, index) => markup`<a href="${"../".repeat(path.length - index)}">${each}</a> / `,
  );
  return markup`<nav class="path" aria-label="Folders above">${join(links)}</nav>`;
}

/** A form with the order of the list, and a field for the names. */
function filterForm({ sort, descending, filter }: View): Markup {
  const order = markup`<input type="hidden" name="sort" value="${sort}"><input type="hidden" name="order" value="${descending ? "desc" : "asc"}">`;
  const isDefault = sort === "name" && !descending;
  return markup`<form class="filter" role="search">${isDefault ? NOTHING : order}<input type="search" name="q" value="${filter}" placeholder="Filter names" aria-label="Filter names"></form>`;
}

/** What is on this page, and what is not. */
function notes({
  entries: { entries, total, all, page, pages, leftOut },
  view,
}: ListingPage): Markup {
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const bytes = entries.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const counts = `${plural(folders, "folder")}, ${plural(entries.length - folders, "file")}, ${shortSize(bytes)}`;
  const first = (page - 1) * PAGE_SIZE + 1;
  const shown =
    pages === 1
      ? counts
      : `${number(first)} to ${number(first + entries.length - 1)} of ${number(total)} names; on this page ${counts}`;
  const filtered =
    view.filter === ""
      ? NOTHING
      : markup`<p class="note"><strong>${number(total)}</strong> of ${number(all)} names contain “${view.filter}”. <a href="./">Show all</a></p>
`;
  const missing =
    leftOut === 0
      ? NOTHING
      : markup`<p class="note">${plural(leftOut, "name")} left out: links that lead out of the folder or nowhere, and special files.</p>
`;
  return markup`${filtered}${missing}<p class="note">${shown}</p>`;
}

/** A click on the current sort column reverses the order. */
function columnHead(sort: Sort, { sort: current, descending, filter }: View): Markup {
  const isCurrent = sort === current;
  const query = queryOf({
    sort,
    descending: isCurrent && !descending,
    filter,
    page: 1,
  });
  const arrow = descending ? " ↓" : " ↑";
  const state = descending ? "descending" : "ascending";
  const aria = isCurrent ? markup` aria-sort="${state}"` : NOTHING;
  const title = TITLES[sort] + (isCurrent ? arrow : "");
  return markup`<th scope="col" class="${sort}"${aria}><a href="${query}">${title}</a></th>`;
}

function queryOf({ sort, descending, filter, page }: View): string {
  const query = new URLSearchParams({ sort, order: descending ? "desc" : "asc" });
  if (filter !== "") query.set("q", filter);
  if (page > 1) query.set("page", String(page));
  return `?${query.toString()}`;
}

function tableRow({ name, kind, size, modified }: Entry): Markup {
  const isFolder = kind === "folder";
  // Without "./" a name with a colon would start with a scheme.
  const href = `./${encodeURIComponent(name)}${isFolder ? "/" : ""}`;
  const time = new Date(modified);
  const get = isFolder ? `${href}?archive=zip` : `${href}?download`;
  const what = isFolder ? `Download ${name} as .zip` : `Download ${name}`;
  return markup`<tr class="${kind}" data-name="${name}"><td class="name"><a href="${href}">${picture(name, kind, size, href)}<span>${name}${isFolder ? "/" : ""}</span></a></td><td class="size">${size === null ? "" : shortSize(size)}</td><td class="time"><time datetime="${time.toISOString()}">${formatDay(time)}<span> ${formatHour(time)}</span></time></td><td class="get"><a href="${get}" download title="${what}" aria-label="${what}">${icon("get")}</a></td></tr>
`;
}

/** Of which the server makes small pictures. */
const SCALED = /\.(?:jpe?g|png|webp)$/i;
/** Pictures that browsers show, and up to how many bytes they are their own small picture. */
const SHOWN = /\.(?:avif|bmp|gif|ico|svg)$/i;
const MAX_SHOWN = 262_144;

function picture(name: string, kind: Entry["kind"], size: number | null, href: string): Markup {
  if (kind === "folder") return icon("folder");
  const isShown = SHOWN.test(name) && (size ?? 0) <= MAX_SHOWN;
  if (isShown || SCALED.test(name)) {
    const source = isShown ? href : `${href}?thumbnail`;
    return markup`<img src="${source}" alt="" width="36" height="36" loading="lazy" decoding="async">`;
  }
  return icon(iconOf(mediaType(name)));
}

const ARCHIVE = /zip|tar|compressed|gzip|bzip|x-xz|zstd|rar|x-7z/;

function iconOf(type: string): Icon {
  const [main = ""] = type.split("/");
  if (main === "image" || main === "video" || main === "audio" || main === "text") return main;
  if (ARCHIVE.test(type)) return "archive";
  return /json|xml|yaml|javascript|pdf/.test(type) ? "text" : "file";
}

function pager({ page, pages }: Entries, view: View): Markup {
  if (pages === 1) return NOTHING;
  const link = (to: number, title: string) =>
    markup`<a class="button" href="${queryOf({ ...view, page: to })}">${title}</a>`;
  return markup`<nav class="pages" aria-label="Pages">${page > 1 ? join([link(1, "First"), link(page - 1, "Previous")]) : NOTHING}<span>page ${number(page)} of ${number(pages)}</span>${page < pages ? join([link(page + 1, "Next"), link(pages, "Last")]) : NOTHING}</nav>
`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${number(count)} ${what}s`;
}

function number(count: number): string {
  return count.toLocaleString("en");
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** With at most three digits: 1023 B, 1.5 KiB, 24 MiB. */
function shortSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_023.5 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit++;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** In the server's time zone. */
function formatDay(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function formatHour(time: Date): string {
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
}

function two(count: number): string {
  return String(count).padStart(2, "0");
}

/** The page loads nothing but pictures of the folder, frames nothing, and cannot be framed. */
export const PAGE_POLICY =
  `default-src 'none'; img-src 'self' data:; style-src ${sourceDigest(STYLE)}; script-src ${sourceDigest(SCRIPT)}; ` +
  "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** For a Content-Security-Policy. */
function sourceDigest(source: string): string {
  return `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
}
