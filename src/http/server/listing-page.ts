// The listing of a folder as a page: readable on a phone and in a text browser, sortable without a script. Its style, and
// the upload form with its script, are part of the page; its policy allows them by their digests, and nothing else. Pure.

import { createHash } from "node:crypto";

import { type Entries, type Entry, type Order, type Sort, SORTS } from "./folder-entries.ts";

export interface ListingPage {
  readonly path: readonly string[];
  /** Sorted. */
  readonly entries: Entries;
  readonly order: Order;
  /** The formats in which `?archive=` offers the whole folder: "zip", "tar". */
  readonly archives: readonly string[];
  /** Null if there are no uploads. */
  readonly form: UploadForm | null;
}

interface UploadForm {
  readonly markup: Markup;
  /** The directives of the page's policy that it needs. */
  readonly policy: string;
}

/** HTML, which is not escaped again. */
interface Markup {
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** C0 and C1 controls, and those that change the direction of text (Unicode UAX 9): replaced in names. */
const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function escape(text: string): string {
  return text.replaceAll(CONTROLS, "\ufffd").replaceAll(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}

/** A template whose values are escaped, unless they are markup. */
function markup(pieces: TemplateStringsArray, ...values: readonly (string | Markup)[]): Markup {
  const rest = values.map(
    (value, index) =>
      (typeof value === "string" ? escape(value) : value.text) + (pieces[index + 1] ?? ""),
  );
  return { text: (pieces[0] ?? "") + rest.join("") };
}

function join(parts: readonly Markup[]): Markup {
  return { text: parts.map((part) => part.text).join("") };
}

/** A folder. Without an icon in the page browsers request /favicon.ico. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Cpath fill='%230757b8' d='M1 3h5l2 2h7v9H1z'/%3E%3C/svg%3E";

const TITLES: Readonly<Record<Sort, string>> = { name: "Name", size: "Size", time: "Changed" };

export function listingPage(page: ListingPage): string {
  const { path, entries, order, archives, form } = page;
  const rows = entries.entries.map(tableRow);
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
<thead><tr>${join(SORTS.map((sort) => columnHead(sort, order)))}</tr></thead>
<tbody>
${path.length === 0 ? markup`` : PARENT}${join(rows)}</tbody>
</table>
${rows.length === 0 ? EMPTY : markup``}${form?.markup ?? markup``}<footer>${join(archives.map((kind) => markup`<a href="?archive=${kind}">all as .${kind}</a>`))}<span>${summary(entries)}</span></footer>
</body>
</html>
`;
  return text;
}

const PARENT = markup`<tr><td><a href="../">../</a></td><td class="size"></td><td class="time"></td></tr>
`;

const EMPTY = markup`<p>This folder is empty.</p>
`;

/** A link to each folder above; relative, so that the page works behind a proxy with a prefix. */
function breadcrumb(path: readonly string[]): Markup {
  const links = path.map((name, index) => {
    const up = path.length - 1 - index;
    return up === 0
      ? markup`<span aria-current="page">${name}</span> /`
      : markup`<a href="${"../".repeat(up)}">${name}</a> / `;
  });
  const top = path.length === 0 ? "./" : "../".repeat(path.length);
  return markup`<a href="${top}">home</a> / ${join(links)}`;
}

/** A click on the current sort column reverses the order. */
function columnHead(sort: Sort, { sort: current, descending }: Order): Markup {
  const isCurrent = sort === current;
  const next = isCurrent && !descending ? "desc" : "asc";
  const arrow = descending ? " ↓" : " ↑";
  const state = descending ? "descending" : "ascending";
  const aria = isCurrent ? markup` aria-sort="${state}"` : markup``;
  const title = TITLES[sort] + (isCurrent ? arrow : "");
  return markup`<th scope="col" class="${sort}"${aria}><a href="?sort=${sort}&amp;order=${next}">${title}</a></th>`;
}

function tableRow({ name, kind, size, modified }: Entry): Markup {
  const slash = kind === "folder" ? "/" : "";
  // Without "./" a name with a colon would start with a scheme.
  const href = `./${encodeURIComponent(name)}${slash}`;
  const time = new Date(modified);
  const bytes = size === null ? "" : shortSize(size);
  return markup`<tr><td><a href="${href}">${name + slash}</a></td><td class="size">${bytes}</td><td class="time"><time datetime="${time.toISOString()}">${formatDay(time)}<span> ${formatHour(time)}</span></time></td></tr>
`;
}

function summary({ entries, more }: Entries): string {
  const folders = entries.filter(({ kind }) => kind === "folder").length;
  const files = entries.length - folders;
  const bytes = entries.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const beyond = more === 0 ? "" : `, and ${more} more`;
  return `${plural(folders, "folder")}, ${plural(files, "file")}, ${shortSize(bytes)}${beyond}`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
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

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** One column that fits a phone, light or dark like the system. Without styles the page is still a table. */
const STYLE = `
:root{color-scheme:light dark;--text:#1b1f24;--dim:#59636e;--line:#d8dee4;--link:#0757b8;--seen:#5b3fa0;--row:#f4f6f8;--page:#fff}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ec;--dim:#9aa4ae;--line:#30363d;--link:#79b8ff;--seen:#b39df3;--row:#1a1f26;--page:#0e1116}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
a{color:var(--link);text-decoration:none}
a:hover,a:focus-visible{text-decoration:underline}
h1{margin:.25rem 0 1rem;font-size:1.15rem;font-weight:600;overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}
th{padding:.25rem .5rem;border-bottom:2px solid var(--line);text-align:left;font-size:.9rem;white-space:nowrap}
td{padding:0 .5rem;border-bottom:1px solid var(--line)}
tbody tr:hover{background:var(--row)}
td:first-child{width:100%;overflow-wrap:anywhere}
td:first-child a{display:block;padding:.45rem 0}
td a[href$="/"]{font-weight:600}
td a:visited{color:var(--seen)}
.size,.time{color:var(--dim);font-size:.9rem;font-variant-numeric:tabular-nums;white-space:nowrap}
th.size,td.size{text-align:right}
th a{color:inherit}
footer{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-top:1rem;color:var(--dim);font-size:.9rem}
footer span{margin-left:auto}
footer a,button,::file-selector-button{padding:.3rem .75rem;border:1px solid var(--line);border-radius:.4rem;background:var(--row);color:var(--link);font:inherit;cursor:pointer}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;margin:1rem 0;padding:.75rem;border:2px dashed var(--line);border-radius:.5rem}
form.over{border-color:var(--link)}
label{flex:1 1 16rem;min-width:0}
input{font:inherit;max-width:100%;color:var(--dim)}
button:disabled{opacity:.5;cursor:default}
progress{flex-basis:100%;width:100%;accent-color:var(--link)}
output{flex-basis:100%;white-space:pre-line;overflow-wrap:anywhere}
output:empty{display:none}
p{padding:0 .5rem;color:var(--dim)}
@media(max-width:34rem){body{padding:.5rem}th,td{padding-left:.25rem;padding-right:.25rem}td.time span{display:none}}
`;

/** The page loads nothing, frames nothing, and cannot be framed. */
export const PAGE_POLICY = `default-src 'none'; img-src data:; style-src ${sourceDigest(STYLE)}; base-uri 'none'; frame-ancestors 'none'`;

/** Sends the files one by one and shows the progress. Without the script the form itself sends them. */
const SCRIPT = `
const form = document.querySelector("form");
const [input, button] = form.elements;
const progress = form.querySelector("progress");
const output = form.querySelector("output");

function send(file, before, total) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("PUT", "./" + encodeURIComponent(file.name));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = ({ loaded }) => {
      progress.value = total === 0 ? 1 : (before + loaded) / total;
      output.value = file.name + ": " + Math.floor(100 * progress.value) + " %";
    };
    request.onload = () => resolve(request.status < 300 ? "" : request.responseText || String(request.status));
    request.onerror = () => resolve("the connection was lost");
    request.send(file);
  });
}

for (const type of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    form.classList.toggle("over", type === "dragover");
    if (type !== "drop" || button.disabled || event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const files = Array.from(input.files);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const failures = [];
  let before = 0;
  progress.hidden = false;
  button.disabled = true;
  for (const file of files) {
    const failure = await send(file, before, total);
    if (failure !== "") failures.push(file.name + ": " + failure);
    before += file.size;
  }
  button.disabled = false;
  progress.hidden = true;
  if (failures.length === 0 && files.length > 0) location.reload();
  else output.value = failures.join("\\n");
});
`;

export const UPLOAD_FORM: UploadForm = {
  markup: markup`<form method="post" enctype="multipart/form-data">
  <label>Add files: <input type="file" name="file" multiple required></label>
  <button>Send</button>
  <progress max="1" value="0" hidden></progress>
  <output></output>
  <script>${{ text: SCRIPT }}</script>
</form>`,
  policy: `script-src ${sourceDigest(SCRIPT)}; connect-src 'self'; form-action 'self'`,
};

/** For a Content-Security-Policy. */
function sourceDigest(source: string): string {
  return `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
}
