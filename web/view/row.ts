// One item of the list as elements: a message with its name, time and mark, or a line about the conversation, below the
// day and the mark of what is new where they begin. What peers sent is shown as on a terminal, and never as markup.

import { actionText } from "../../src/chat/commands.ts";
import { findLinks } from "../../src/terminal/view/links.ts";
import { visibleLabel, visibleName, visibleText } from "../../src/terminal/visible-text.ts";
import type { Words } from "../words/en.ts";
import { answerText, noticeText, problemText } from "./answers.ts";
import { button, create } from "./dom.ts";
import type { Item, MessageItem, Notice, PendingMessage, PresenceItem } from "./state.ts";
import { startOfDay, type Times } from "./times.ts";

export type RowItem = Item | PendingMessage;

export interface RowContext {
  readonly words: Words;
  readonly times: Times;
  readonly now: number;
  readonly onPerson: (name: string, fingerprint: string) => void;
  readonly onEdit: (message: PendingMessage) => void;
  readonly onDiscard: (message: PendingMessage) => void;
}

/** What a row shows besides its item: with the same, it need not be made again. */
export interface RowLook {
  readonly startsDay: boolean;
  readonly isFirstNew: boolean;
  /** The same person as above, a short time later: their name isn't repeated. */
  readonly continues: boolean;
  readonly hue: number;
  readonly isConnected: boolean;
}

/** Between two messages under one name, ms. */
const TOGETHER = 300_000;

export function continues(item: RowItem, above: RowItem | undefined): boolean {
  if (above === undefined || !isMessage(item) || !isMessage(above)) return false;
  return (
    item.fingerprint === above.fingerprint &&
    item.name === above.name &&
    item.time - above.time < TOGETHER &&
    actionText(item.text) === null &&
    actionText(above.text) === null
  );
}

export function startsDay(item: RowItem, above: RowItem | undefined): boolean {
  return above === undefined || startOfDay(item.time) !== startOfDay(above.time);
}

function isMessage(item: RowItem): item is MessageItem | PendingMessage {
  return item.type === "message" || item.type === "pending";
}

export function createRow(item: RowItem, look: RowLook, context: RowContext): HTMLLIElement {
  const { words, times, now } = context;
  const day = look.startsDay
    ? create("p", { class: "day" }, create("span", {}, times.day(item.time, now)))
    : null;
  const mark = look.isFirstNew
    ? create("p", { class: "new" }, create("span", {}, words.newMessages))
    : null;
  return create("li", {}, day, mark, content(item, look, context));
}

function content(item: RowItem, look: RowLook, context: RowContext): HTMLElement {
  switch (item.type) {
    case "message":
    case "pending":
      return messageElement(item, look, context);
    case "presence":
      return lineElement("quiet", presenceText(item, context.words), item.time, context);
    case "notice":
      return noticeElement(item.notice, item.time, context);
  }
}

function messageElement(
  item: MessageItem | PendingMessage,
  look: RowLook,
  context: RowContext,
): HTMLElement {
  const { onPerson } = context;
  const action = actionText(item.text);
  const isOwn = item.type === "pending" || item.isOwn;
  const classes = [
    "message",
    look.continues && "continued",
    action !== null && "action",
    isOwn && "own",
    item.type === "pending" && "pending",
    item.type === "message" && item.isMention && "mention",
  ];
  const name = create(
    "button",
    // By keyboard people are reached in their list: here each message would be a stop.
    { type: "button", tabindex: "-1", class: `name hue-${look.hue}` },
    create("bdi", {}, visibleLabel(item.name)),
  );
  name.addEventListener("click", () => onPerson(item.name, item.fingerprint));
  const text = create("div", { class: "text", dir: "auto" }, ...textNodes(action ?? item.text));
  return create(
    "div",
    { class: classes.filter((name) => name !== false).join(" ") },
    name,
    timeElement(item.time, context),
    text,
    isOwn ? deliveryMark(item, look, context) : null,
    item.type === "pending" && item.problem !== null ? failure(item, context) : null,
  );
}

function timeElement(time: number, { times }: RowContext): HTMLElement {
  const element = create("time", { datetime: new Date(time).toISOString() }, times.timeOfDay(time));
  // Most are never asked for, and the first one takes a slow phone 100 ms.
  element.addEventListener("pointerenter", () => (element.title = times.moment(time)), {
    once: true,
  });
  return element;
}

function deliveryMark(
  item: MessageItem | PendingMessage,
  { isConnected }: RowLook,
  { words }: RowContext,
): HTMLElement {
  const [mark, label] =
    item.type === "message"
      ? ["✓", words.delivered]
      : item.problem !== null
        ? ["!", words.notSent]
        : ["…", isConnected ? words.sending : words.waiting];
  return create("span", { class: "mark", role: "img", "aria-label": label, title: label }, mark);
}

function failure(item: PendingMessage, context: RowContext): HTMLElement {
  const { words, onEdit, onDiscard } = context;
  const why = item.problem === null ? "" : problemText(item.problem, words);
  return create(
    "div",
    { class: "failure" },
    create("p", { dir: "auto" }, `${words.notSent}: ${why}`),
    button(words.editAgain, () => onEdit(item), { class: "small" }),
    button(words.discard, () => onDiscard(item), { class: "small" }),
  );
}

/** The text, with its addresses as links. */
function textNodes(written: string): (Node | string)[] {
  const text = visibleText(written);
  const nodes: (Node | string)[] = [];
  let done = 0;
  for (const { from, to, address } of findLinks(text)) {
    if (!/^https?:/i.test(address) || !URL.canParse(address)) continue;
    nodes.push(text.slice(done, from));
    // The real host is in `title`: letters that look like others are shown there in Punycode.
    const { href } = new URL(address);
    const rel = "noopener noreferrer nofollow";
    nodes.push(
      create("a", { href, rel, target: "_blank", title: href, dir: "ltr" }, text.slice(from, to)),
    );
    done = to;
  }
  nodes.push(text.slice(done));
  return nodes;
}

export function presenceText({ joined, left }: PresenceItem, words: Words): string {
  const parts = [
    ...(joined.length === 0 ? [] : [words.joined(listNames(joined, words), joined.length)]),
    ...(left.length === 0 ? [] : [words.left(listNames(left, words), left.length)]),
  ];
  return parts.join("; ");
}

/** Names in one line; of more, how many there are is enough. */
const MAX_LISTED = 12;

export function listNames(names: readonly string[], words: Words): string {
  const listed = names.slice(0, MAX_LISTED).map(visibleName).join(", ");
  const more = names.length - MAX_LISTED;
  return more > 0 ? words.andMore(listed, more) : listed;
}

function noticeElement(notice: Notice, time: number, context: RowContext): HTMLElement {
  const { words } = context;
  switch (notice.type) {
    case "error":
      return lineElement("error", problemText(notice.problem, words), time, context, words.error);
    case "server":
      return lineElement("notice", problemText(notice.problem, words), time, context, words.notice);
    case "unsent": {
      const text = `${words.notSent}: ${visibleText(notice.text)}`;
      return lineElement("notice", text, time, context, words.notice);
    }
    case "answer":
      return lineElement("answer", answerText(notice.answer, words, context.times), time, context);
    case "renamed":
    case "left":
    case "reconnected":
      return lineElement("quiet", noticeText(notice, words), time, context);
  }
}

/** No name can look like it: its mark stands where names don't. */
function lineElement(
  look: "quiet" | "notice" | "error" | "answer",
  text: string,
  time: number,
  context: RowContext,
  label?: string,
): HTMLElement {
  const sign = { quiet: "·", notice: "i", error: "!", answer: "›" }[look];
  return create(
    "div",
    { class: `line ${look}` },
    create("span", { class: "sign", "aria-hidden": "true" }, sign),
    label === undefined ? null : create("span", { class: "unseen" }, `${label}: `),
    create("span", { class: "text", dir: "auto" }, text),
    timeElement(time, context),
  );
}
