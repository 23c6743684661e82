// What a listing offers where files are taken: a form, which sends them by itself, and with a script one by one,
// showing how far it is. The page's policy lets in this script alone, by its digest.

import { createHash } from "node:crypto";

import { type Markup, markup } from "../markup.ts";

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
    request.onerror = () => resolve("the connection broke off");
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

const FORM = markup`<form method="post" enctype="multipart/form-data">
  <label>Add files: <input type="file" name="file" multiple required></label>
  <button>Send</button>
  <progress max="1" value="0" hidden></progress>
  <output></output>
  <script>${{ text: SCRIPT }}</script>
</form>`;

const DIGEST = createHash("sha256").update(SCRIPT).digest("base64");

export const UPLOAD_FORM: { readonly markup: Markup; readonly policy: string } = {
  markup: FORM,
  policy: `script-src 'sha256-${DIGEST}'; connect-src 'self'; form-action 'self'`,
};
