// The field in which messages are written: grows with what is in it, sends with Enter, and keeps what is not sent yet.

import { MAX_TEXT } from "../../src/chat/conversation.ts";
import type { Words } from "../words/en.ts";
import { create, iconButton, ICONS, setAttribute, setText } from "./dom.ts";

export interface Composer {
  readonly element: HTMLElement;
  /** The room that messages go to. */
  render(room: string, isMuted: boolean): void;
  readonly text: string;
  /** Puts text into the field, in place of what is there. */
  write(text: string): void;
  /** The same with what was kept of another time. */
  restore(text: string): void;
  focus(): void;
}

export interface ComposerOptions {
  readonly words: Words;
  readonly onSend: (text: string) => void;
  readonly onDraft: (text: string) => void;
  /** A page up is -1. */
  readonly onPage: (screens: number) => void;
}

/** When the count of characters is shown. */
const NEARLY_FULL = MAX_TEXT - 500;
/** What browsers call each key while an input method composes, which `isComposing` misses in Safari. */
const COMPOSING = 229;

export function createComposer({ words, onSend, onDraft, onPage }: ComposerOptions): Composer {
  const field = create("textarea", {
    id: "message",
    rows: "1",
    enterkeyhint: "send",
    autocapitalize: "sentences",
    autocomplete: "off",
    dir: "auto",
    "aria-describedby": "left",
  });
  const label = create("label", { class: "unseen", for: "message" });
  const left = create("output", { id: "left", class: "left", for: "message" });
  const send = iconButton(words.send, ICONS.send, submit, { class: "send" });
  const element = create("div", { class: "composer" }, label, field, left, send);

  field.addEventListener("input", changed);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === COMPOSING) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "PageUp" || event.key === "PageDown") {
      event.preventDefault();
      onPage(event.key === "PageUp" ? -1 : 1);
    }
  });
  // A tap on the button would close the keyboard of a phone.
  send.addEventListener("pointerdown", (event) => event.preventDefault());

  function changed(): void {
    fit();
    onDraft(field.value);
  }

  function fit(): void {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
    const { length } = field.value;
    setText(left, length > NEARLY_FULL ? (MAX_TEXT - length).toLocaleString(words.language) : "");
    left.classList.toggle("over", length > MAX_TEXT);
    setAttribute(field, "aria-invalid", length > MAX_TEXT ? "true" : undefined);
    send.disabled = field.value.trim() === "" || length > MAX_TEXT;
  }

  function submit(): void {
    const text = field.value.replace(/\s+$/, "");
    if (text === "" || text.length > MAX_TEXT) return;
    field.value = "";
    changed();
    field.focus();
    onSend(text);
  }

  fit();
  return {
    element,
    get text() {
      return field.value;
    },
    render(room, isMuted) {
      setText(label, words.messageTo(room));
      setAttribute(field, "placeholder", isMuted ? words.youAreMuted : words.messageTo(room));
    },
    write(text) {
      field.value = text;
      changed();
    },
    restore(text) {
      field.value = text;
      fit();
    },
    focus: () => field.focus({ preventScroll: true }),
  };
}
