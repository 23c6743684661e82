// A room on the page: its head, the messages, the field, and the people and rooms beside them or, on a phone, in a drawer.

import { visibleLabel, visibleName, visibleText } from "../../src/terminal/visible-text.ts";
import type { Words } from "../words/en.ts";
import { createComposer } from "./composer.ts";
import { create, icon, iconButton, ICONS, setText } from "./dom.ts";
import { createMessageList } from "./message-list.ts";
import { createSide } from "./side.ts";
import type { Item, PendingMessage, State } from "./state.ts";
import type { Times } from "./times.ts";

export interface ConversationPage {
  readonly element: HTMLElement;
  render(state: State, now: number): void;
  /** Into the field, in place of what is there. */
  write(text: string): void;
  /** The same with the draft of this room, which is kept already. */
  restore(draft: string): void;
  readonly draft: string;
  focus(): void;
  /** Where there is no room for them beside the messages, above those. */
  showPeople(): void;
  scrollTo(sequence: number): void;
}

export interface ConversationPageOptions {
  readonly words: Words;
  readonly times: Times;
  readonly onSend: (text: string) => void;
  readonly onDraft: (text: string) => void;
  readonly onEnd: (isAtEnd: boolean) => void;
  readonly onBeginning: () => void;
  readonly onPerson: (name: string, fingerprint: string) => void;
  readonly onRoom: (room: string) => void;
  readonly onOtherRoom: () => void;
  readonly onDiscard: (message: PendingMessage) => void;
  readonly onSearch: () => void;
  readonly onInvite: () => void;
  readonly onMenu: () => void;
}

/** Messages that are read aloud one by one; of more at once, how many there are. */
const MAX_ANNOUNCED = 5;
/** Wide enough for the people beside the messages; the same as in style.css. */
const WIDE = "(min-width: 52rem)";

export function createConversationPage(options: ConversationPageOptions): ConversationPage {
  const { words } = options;
  const composer = createComposer({ ...options, onPage: (screens) => list.scrollBy(screens) });
  const list = createMessageList({
    ...options,
    onEdit(message) {
      const { text } = composer;
      composer.write(text === "" ? message.text : `${text}\n${message.text}`);
      options.onDiscard(message);
      composer.focus();
    },
    onEnd(isThere) {
      isAtEnd = isThere;
      newest.hidden = isThere;
      options.onEnd(isThere);
    },
  });
  const side = createSide({
    ...options,
    onRoom(room) {
      drawer.close();
      options.onRoom(room);
    },
    onPerson(name, fingerprint) {
      drawer.close();
      options.onPerson(name, fingerprint);
    },
    onOtherRoom() {
      drawer.close();
      options.onOtherRoom();
    },
  });

  const aside = create("aside", { class: "side", "aria-label": words.showPeople }, side.element);
  const closeDrawer = iconButton(words.close, ICONS.close, () => drawer.close());
  const drawer = create("dialog", { class: "drawer", "aria-label": words.showPeople }, closeDrawer);
  drawer.addEventListener("close", () => aside.append(side.element));
  // Its backdrop belongs to it.
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer) drawer.close();
  });
  matchMedia(WIDE).addEventListener("change", () => drawer.close());

  const title = create("h1");
  const subtitle = create("p", { class: "subtitle" });
  const header = create(
    "header",
    { class: "head" },
    create("div", { class: "titles" }, title, subtitle),
    iconButton(words.showPeople, ICONS.people, showPeople, { class: "narrow-only" }),
    iconButton(words.search, ICONS.search, options.onSearch),
    iconButton(words.invite, ICONS.invite, options.onInvite),
    iconButton(words.openMenu, ICONS.menu, options.onMenu),
  );
  const connection = create("p", { class: "connection", role: "status" });
  const newest = create("button", { type: "button", class: "newest", hidden: true });
  const newestCount = create("span");
  newest.append(newestCount, icon(ICONS.down));
  newest.addEventListener("click", () => {
    list.scrollToEnd();
    composer.focus();
  });
  const announced = create("div", {
    class: "unseen",
    role: "log",
    "aria-label": words.newMessages,
  });
  const skip = create("a", { class: "skip", href: "#message" }, words.skipToMessage);
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    composer.focus();
  });

  const element = create(
    "div",
    { class: "conversation" },
    skip,
    aside,
    create(
      "main",
      {},
      header,
      connection,
      create("div", { class: "list-frame" }, list.element, newest),
      composer.element,
    ),
    announced,
    drawer,
  );
  // What is typed while something else is in focus is meant for the field.
  list.element.addEventListener("keydown", (event) => {
    const isText = event.key.length === 1 && event.key !== " ";
    if (isText && !event.ctrlKey && !event.metaKey && !event.altKey) composer.focus();
  });

  function showPeople(): void {
    if (matchMedia(WIDE).matches) side.element.querySelector("button")?.focus();
    else if (!drawer.open) {
      drawer.append(side.element);
      drawer.showModal();
    }
  }

  let shown: State | null = null;
  let isAtEnd = true;

  function connectionText({ connection: at, isOnline }: State): string {
    switch (at.type) {
      case "joining":
        return words.joining;
      case "ok":
        return "";
      case "silent":
        return words.silent(Math.round(at.seconds));
      case "lost":
        return isOnline ? words.lost : words.offline;
    }
  }

  function announce(before: State, state: State): void {
    if (before.room.room !== state.room.room || before.items === state.items) return;
    // What was said before is no news.
    if (before.earlier === "coming") return;
    const newestBefore = before.items.at(-1)?.id;
    const start = before.items.length === 0 ? -1 : indexOfLast(state.items, newestBefore);
    if (start === -1) return;
    const added = state.items.slice(start + 1);
    const news = added.filter((item) => item.type === "message").filter(({ isOwn }) => !isOwn);
    const texts =
      news.length > MAX_ANNOUNCED
        ? [words.countNew(news.length)]
        : news.map(({ name, text }) => `${visibleName(name)}: ${visibleText(text)}`);
    announced.append(...texts.map((text) => create("p", { dir: "auto" }, text)));
    while (announced.childElementCount > 2 * MAX_ANNOUNCED) announced.firstElementChild?.remove();
  }

  return {
    element,
    render(state, now) {
      const before = shown;
      shown = state;
      setText(title, visibleLabel(state.room.room));
      setText(subtitle, words.peopleHere(state.room.here.size));
      subtitle.hidden = state.room.here.size === 0;
      const text = connectionText(state);
      setText(connection, text);
      connection.classList.toggle("shown", text !== "");
      list.render(state, now);
      side.render(state);
      composer.render(visibleLabel(state.room.room), state.isMuted);
      if (before !== null) announce(before, state);
      newest.hidden = isAtEnd;
      setText(
        newestCount,
        state.unread.count > 0 ? words.countNew(state.unread.count) : words.toNewest,
      );
    },
    write: (text) => composer.write(text),
    restore: (text) => composer.restore(text),
    get draft() {
      return composer.text;
    },
    focus: () => composer.focus(),
    showPeople,
    scrollTo: (sequence) => list.scrollTo(sequence),
  };
}

function indexOfLast(items: readonly Item[], id: number | undefined): number {
  return items.findLastIndex((item) => item.id === id);
}
