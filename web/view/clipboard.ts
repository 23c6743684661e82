// Copies text. `navigator.clipboard` is missing where the page came by plain http: there a field is selected and copied.

import { create } from "./dom.ts";

/** Whether it was copied. */
export async function copyText(text: string): Promise<boolean> {
  if ("clipboard" in navigator) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not permitted; perhaps the other way is.
    }
  }
  const field = create("textarea", { class: "unseen", "aria-hidden": "true" });
  field.value = text;
  // In an open dialog, for nothing outside of it can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  const focused = document.activeElement;
  field.select();
  const hasCopied = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return hasCopied;
}
