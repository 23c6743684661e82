// In the tab of a visit: notes when what a person waits for is painted, and does then at once what they would do. Runs before the
// page's own script.

import type { Visit } from "../tab-notes.ts";

declare global {
  interface Window {
    visit: Visit;
  }
}

const NAME = "eva";
const TEXT = "the first word";

window.visit = {};
const looking = new MutationObserver(look);
looking.observe(document, { subtree: true, childList: true, characterData: true });

function look(): void {
  const question = document.querySelector<HTMLInputElement>(".start #answer");
  const field = document.querySelector<HTMLTextAreaElement>("#message");
  if (question !== null) note("asked", () => answer(question));
  if (field !== null) note("field", () => write(field));
  if (document.querySelector(".message:not(.own) .text") !== null) note("heard");
  if (document.querySelector(".message.own:not(.pending) .mark") !== null) note("stored");
}

const noted = new Set<keyof Visit>();

/** After the frame in which it is painted. */
function note(what: keyof Visit, act?: () => void): void {
  if (noted.has(what)) return;
  noted.add(what);
  requestAnimationFrame(() =>
    setTimeout(() => {
      window.visit[what] = performance.now();
      act?.();
    }),
  );
}

function answer(question: HTMLInputElement): void {
  question.value = NAME;
  question.form?.requestSubmit();
}

function write(field: HTMLTextAreaElement): void {
  field.value = TEXT;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
}
