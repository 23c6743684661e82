// @ts-check
// The script of a listing. Without it the page lists, filters, downloads and uploads all the same; with it uploads go on where
// they were interrupted (tus 1.0), whole folders can be dropped, the list stays current, and there are keys.

/**
 * @template {Element} T
 * @param {ParentNode} parent @param {string} selector @param {new () => T} type
 * @returns {T}
 */
function find(parent, selector, type) {
  const found = parent.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`there is no ${selector}`);
  return found;
}

/** @param {ParentNode | null | undefined} parent @param {string} selector */
function findLink(parent, selector) {
  const found = parent?.querySelector(selector);
  return found instanceof HTMLAnchorElement ? found : null;
}

const list = find(document, "#list", HTMLElement);
const filter = find(document, ".filter [type=search]", HTMLInputElement);
const form = document.querySelector(".upload");
const isManaged = document.body.dataset["manage"] !== undefined;

/** The list again, as it is now. */
async function refresh() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } }).catch(
    () => null,
  );
  if (response?.ok !== true) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("#list");
  if (fresh === null) return;
  const focused = document.activeElement?.closest("tr")?.dataset["name"];
  list.replaceChildren(...fresh.childNodes);
  if (isManaged) addActions();
  if (focused !== undefined) rowOf(focused)?.querySelector("a")?.focus();
}

/** @param {string} name */
function rowOf(name) {
  return Array.from(list.querySelectorAll("tr")).find((row) => row.dataset["name"] === name);
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let refreshing;

function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => void refresh(), 300);
}

filter.addEventListener("input", () => {
  const url = new URL(location.href);
  url.searchParams.delete("page");
  if (filter.value === "") url.searchParams.delete("q");
  else url.searchParams.set("q", filter.value);
  history.replaceState(null, "", url);
  refreshSoon();
});

/** @param {number} step */
function moveFocus(step) {
  const rows = Array.from(list.querySelectorAll("tbody tr"));
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at === -1 && step < 0 ? rows.length - 1 : at + step;
  findLink(rows[Math.min(Math.max(next, 0), rows.length - 1)], ".name a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  switch (event.key) {
    case "/":
      filter.select();
      break;
    case "j":
    case "ArrowDown":
      moveFocus(1);
      break;
    case "k":
    case "ArrowUp":
      moveFocus(-1);
      break;
    case "u":
    case "Backspace":
      findLink(document, "a[rel=up]")?.click();
      break;
    case "d":
      findLink(document.activeElement?.closest("tr"), ".get a")?.click();
      break;
    default:
      return;
  }
  event.preventDefault();
});

// Uploads, by the tus protocol 1.0: https://tus.io/protocols/resumable-upload

/** Files that are sent at a time. */
const AT_A_TIME = 3;
/** Attempts without progress before a person is asked. */
const MAX_ATTEMPTS = 8;
const TUS = { "Tus-Resumable": "1.0.0" };

class Refused extends Error {}
class Canceled extends Error {}

/**
 * @typedef {object} Transfer
 * @property {File} file
 * @property {string} path its name, after the folders that it is in
 * @property {AbortController} control
 * @property {HTMLLIElement} row
 */

/** @type {Transfer[]} */
const waiting = [];
let active = 0;

/** @param {readonly { file: File, path: string }[]} files */
function upload(files) {
  const transfers = find(document, ".transfers", HTMLElement);
  transfers.hidden = false;
  for (const { file, path } of files) {
    const row = document.createElement("li");
    const name = document.createElement("b");
    name.textContent = path;
    const state = document.createElement("span");
    state.textContent = "waiting";
    const progress = document.createElement("progress");
    progress.max = 1;
    progress.value = 0;
    row.append(name, state, document.createElement("button"), progress);
    transfers.append(row);
    start({ file, path, control: new AbortController(), row });
  }
}

/** @param {string} title @param {() => void} act */
function textButton(title, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.addEventListener("click", act);
  return button;
}

/** @param {Transfer} transfer */
function start(transfer) {
  const { row, control } = transfer;
  find(row, "button", HTMLElement).replaceWith(textButton("Cancel", () => control.abort()));
  row.className = "";
  waiting.push(transfer);
  sendNext();
}

function sendNext() {
  while (active < AT_A_TIME) {
    const next = waiting.shift();
    if (next === undefined) return;
    active += 1;
    void send(next).finally(() => {
      active -= 1;
      refreshSoon();
      sendNext();
    });
  }
}

/** @param {Transfer} transfer @param {string} text @param {number} [done] */
function show({ row }, text, done) {
  find(row, "span", HTMLElement).textContent = text;
  const progress = row.querySelector("progress");
  if (progress !== null && done !== undefined) progress.value = done;
}

/** @param {Transfer} transfer */
async function send(transfer) {
  const { row, control } = transfer;
  try {
    const name = await sendWhole(transfer);
    row.className = "done";
    show(transfer, name === transfer.file.name ? "done" : `done, as ${name}`, 1);
    finishRow(row);
  } catch (error) {
    row.className = "failed";
    const isCanceled = control.signal.aborted;
    show(
      transfer,
      isCanceled ? "canceled" : error instanceof Error ? error.message : String(error),
    );
    if (error instanceof Refused || isCanceled) return finishRow(row);
    const again = () => start({ ...transfer, control: new AbortController() });
    find(row, "button", HTMLElement).replaceWith(textButton("Retry", again));
  }
}

/** @param {HTMLElement} row */
function finishRow(row) {
  for (const element of row.querySelectorAll("progress, button")) element.remove();
}

/**
 * Begins an upload or goes on with it, as often as it takes.
 *
 * @param {Transfer} transfer
 * @returns {Promise<string>} the name that the file has got
 */
async function sendWhole(transfer) {
  const { file, path, control } = transfer;
  const key = `charla-upload ${location.pathname} ${path} ${file.size} ${file.lastModified}`;
  let place = localStorage.getItem(key);
  let best = -1;
  for (let attempt = 1; ; attempt += 1) {
    try {
      let offset = place === null ? null : await askOffset(place, control.signal);
      if (place === null || offset === null) {
        const created = await create(transfer);
        if (created.name !== null && file.size === 0) return created.name;
        place = created.place;
        offset = 0;
        localStorage.setItem(key, place);
      }
      if (offset > best) attempt = 1;
      best = offset;
      const name = await sendRest(transfer, place, offset);
      localStorage.removeItem(key);
      return name;
    } catch (error) {
      if (control.signal.aborted) {
        localStorage.removeItem(key);
        if (place !== null) void fetch(place, { method: "DELETE", headers: TUS }).catch(() => {});
        throw new Canceled();
      }
      if (error instanceof Refused) {
        localStorage.removeItem(key);
        throw error;
      }
      if (attempt >= MAX_ATTEMPTS) throw error;
      show(transfer, "the connection was lost, trying again");
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    }
  }
}

/**
 * Whether the file is wanted is known before a byte of it is sent.
 *
 * @param {Transfer} transfer
 */
async function create({ file, path, control }) {
  const response = await fetch("./", {
    method: "POST",
    headers: {
      ...TUS,
      "Upload-Length": String(file.size),
      "Upload-Metadata": `filename ${base64(path)}`,
    },
    signal: control.signal,
  });
  if (!response.ok) throw await refusalOf(response);
  return { place: response.headers.get("location") ?? "", name: nameOf(response.headers) };
}

/** @param {string} place @param {AbortSignal} signal @returns {Promise<number | null>} null: it is gone */
async function askOffset(place, signal) {
  const response = await fetch(place, { method: "HEAD", headers: TUS, signal });
  if (response.status === 404 || response.status === 410) return null;
  if (!response.ok) throw new Error(`${response.status}`);
  return Number(response.headers.get("upload-offset"));
}

/**
 * @param {Transfer} transfer @param {string} place @param {number} offset
 * @returns {Promise<string>} the name of the file
 */
function sendRest(transfer, place, offset) {
  const { file, control } = transfer;
  return new Promise((resolve, reject) => {
    // fetch does not tell how much was sent.
    const request = new XMLHttpRequest();
    request.open("PATCH", place);
    for (const [name, value] of Object.entries(TUS)) request.setRequestHeader(name, value);
    request.setRequestHeader("Upload-Offset", String(offset));
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.upload.addEventListener("progress", ({ loaded }) => {
      const part = (offset + loaded) / Math.max(1, file.size);
      show(transfer, `${Math.floor(100 * part)} %`, part);
    });
    request.addEventListener("load", () => {
      if (request.status < 300) {
        const headers = new Headers();
        const written = request.getResponseHeader("content-location");
        if (written !== null) headers.set("content-location", written);
        resolve(nameOf(headers) ?? file.name);
      } else if (request.status === 409 && request.getResponseHeader("upload-offset") !== null) {
        reject(new Error("another upload of the same file is under way"));
      } else reject(new Refused(reasonOf(request.responseText, request.status)));
    });
    request.addEventListener("error", () => reject(new Error("the connection was lost")));
    request.addEventListener("abort", () => reject(new Canceled()));
    control.signal.addEventListener("abort", () => request.abort());
    request.send(file.slice(offset));
  });
}

/** @param {Response} response */
async function refusalOf(response) {
  return new Refused(reasonOf(await response.text(), response.status));
}

/** @param {string} text @param {number} status */
function reasonOf(text, status) {
  return text.replace(/^\d+: /, "").trim() || String(status);
}

/** @param {Headers} headers */
function nameOf(headers) {
  const path = headers.get("content-location");
  return path === null ? null : decodeURIComponent(path.split("/").at(-1) ?? "");
}

/** @param {string} text */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** @param {FileSystemEntry} entry @param {string} before @returns {Promise<{ file: File, path: string }[]>} */
async function filesOf(entry, before = "") {
  const path = before + entry.name;
  if (entry instanceof FileSystemFileEntry) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, path }];
  }
  if (!(entry instanceof FileSystemDirectoryEntry)) return [];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const each of some) found.push(...(await filesOf(each, `${path}/`)));
  }
}

if (form !== null) {
  const buttons = document.createElement("div");
  buttons.className = "upload-buttons";
  for (const { title, attribute } of [
    { title: "Upload files", attribute: "multiple" },
    { title: "Upload a folder", attribute: "webkitdirectory" },
  ]) {
    const input = document.createElement("input");
    input.type = "file";
    input.className = "unseen";
    input.tabIndex = -1;
    input.setAttribute(attribute, "");
    input.addEventListener("change", () => {
      const files = Array.from(input.files ?? [], (file) => ({
        file,
        path: file.webkitRelativePath || file.name,
      }));
      input.value = "";
      upload(files);
    });
    const button = textButton(title, () => input.click());
    if (attribute === "multiple") button.className = "primary";
    buttons.append(button, input);
  }
  form.replaceWith(buttons);

  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    // They are gone after this event.
    const entries = Array.from(event.dataTransfer?.items ?? [], (item) => item.webkitGetAsEntry());
    const found = entries.map((entry) => (entry === null ? Promise.resolve([]) : filesOf(entry)));
    void Promise.all(found).then((files) => upload(files.flat()));
  });
  window.addEventListener("beforeunload", (event) => {
    if (active > 0) event.preventDefault();
  });
}

// Folders that may be changed (WebDAV's methods).

/** @param {string} method @param {string} href @param {Record<string, string>} [headers] */
async function change(method, href, headers = {}) {
  const response = await fetch(href, { method, headers });
  if (!response.ok) alert(reasonOf(await response.text(), response.status));
  await refresh();
}

/** @param {string} title @param {string} icon @param {() => void} act */
function actionButton(title, icon, act) {
  const button = textButton("", act);
  button.title = title;
  button.setAttribute("aria-label", title);
  button.innerHTML = `<svg class="icon" aria-hidden="true"><use href="#${icon}"></use></svg>`;
  return button;
}

function addActions() {
  for (const row of list.querySelectorAll("tr")) {
    const { name } = row.dataset;
    const href = row.querySelector(".name a")?.getAttribute("href") ?? "";
    if (name === undefined) continue;
    row.querySelector(".get")?.append(
      actionButton(`Rename ${name}`, "i-rename", () => {
        const wanted = prompt("New name", name)?.trim();
        if (wanted === undefined || wanted === "" || wanted === name) return;
        const destination = new URL(`./${encodeURIComponent(wanted)}`, location.href);
        void change("MOVE", href, { destination: destination.href, overwrite: "F" });
      }),
      actionButton(`Delete ${name}`, "i-delete", () => {
        if (confirm(`Move “${name}” to .trash?`)) void change("DELETE", href);
      }),
    );
  }
}

if (isManaged) {
  const button = textButton("New folder", () => {
    const name = prompt("Name of the new folder")?.trim();
    if (name !== undefined && name !== "") void change("MKCOL", `./${encodeURIComponent(name)}`);
  });
  document.querySelector(".tools .filter")?.before(button);
  addActions();
}
