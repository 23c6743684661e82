// What is shown above the page: the menu, the invitation with its code, one person and what may be done about them, the
// search, and questions. The browser keeps the focus inside, and gives it back.

import type { Command } from "../../src/chat/commands.ts";
import { MAX_TEXT } from "../../src/chat/conversation.ts";
import {
  visibleLabel,
  visibleLine,
  visibleName,
  visibleText,
} from "../../src/terminal/visible-text.ts";
import type { Words } from "../words/en.ts";
import { problemText } from "./answers.ts";
import { button, create, iconButton, ICONS, setText } from "./dom.ts";
import { qrPicture } from "./qr-picture.ts";
import { askForm } from "./start-page.ts";
import type { Confirmation, Dialog, NotificationChoice, Search, State } from "./state.ts";
import type { Times } from "./times.ts";

export interface Dialogs {
  readonly element: HTMLElement;
  render(state: State): void;
}

export interface DialogOptions {
  readonly words: Words;
  readonly times: Times;
  readonly caution: string | null;
  readonly serverKey: string;
  readonly onClose: () => void;
  readonly onOpen: (dialog: "invitation" | "name" | "join-room" | "about") => void;
  readonly onCommand: (command: Command, isConfirmed?: boolean) => void;
  readonly onConfirmed: (what: Confirmation) => void;
  readonly onLeave: () => void;
  readonly onCopy: (text: string) => void;
  readonly onMention: (name: string) => void;
  readonly onName: (name: string) => void;
  readonly onRoom: (room: string) => void;
  readonly onSearch: (words: string) => void;
  readonly onFound: (sequence: number) => void;
  readonly onNotifications: (choice: NotificationChoice) => void;
}

export function createDialogs(options: DialogOptions): Dialogs {
  const { words, onClose } = options;
  const title = create("h2", { id: "dialog-title" });
  const content = create("div", { class: "dialog-content" });
  // It stays while the content is made anew, or nothing of it would be read aloud.
  const said = create("p", { class: "hint said", role: "status" });
  const close = iconButton(words.close, ICONS.close, () => element.close());
  const element = create(
    "dialog",
    { class: "dialog", "aria-labelledby": "dialog-title" },
    create("div", { class: "dialog-head" }, title, close),
    content,
    said,
  );
  element.addEventListener("close", onClose);
  element.addEventListener("click", (event) => {
    // Its backdrop belongs to it.
    if (event.target === element) element.close();
  });
  const search = createSearch(options);
  let shown: Dialog | Search | null = null;

  return {
    element,
    render(state) {
      const wanted = state.search ?? state.dialog;
      if (wanted === shown) return;
      const isOpen = shown !== null;
      const isSameKind = shown !== null && wanted !== null && kindOf(shown) === kindOf(wanted);
      shown = wanted;
      setText(said, hasCopied(wanted) ? words.copied : "");
      if (wanted === null) {
        content.replaceChildren();
        element.close();
        return;
      }
      if ("type" in wanted) {
        setText(title, titleText(wanted, words));
        replaceKeepingFocus(content, dialogContent(wanted, state, options));
      } else {
        setText(title, words.search);
        if (!isSameKind) content.replaceChildren(search.element);
        search.render(wanted);
      }
      if (!isOpen || !element.open) element.showModal();
      if (!isSameKind) {
        // The link is no field to write in: its button comes first.
        content.querySelector<HTMLElement>("input:not([readonly]), [autofocus], .primary")?.focus();
      }
    },
  };
}

function hasCopied(shown: Dialog | Search | null): boolean {
  return shown !== null && "hasCopied" in shown && shown.hasCopied;
}

/** The control in the same place as the one in use, if the new content has as many. */
function replaceKeepingFocus(content: HTMLElement, nodes: readonly Node[]): void {
  const controls = () => Array.from(content.querySelectorAll<HTMLElement>("button, input"));
  const before = controls();
  const index = before.findIndex((control) => control === document.activeElement);
  content.replaceChildren(...nodes);
  const after = controls();
  if (index !== -1 && after.length === before.length) after[index]?.focus();
}

function kindOf(shown: Dialog | Search): string {
  return "type" in shown ? shown.type : "search";
}

function titleText(dialog: Dialog, words: Words): string {
  switch (dialog.type) {
    case "invitation":
      return words.invite;
    case "person":
      return visibleLabel(dialog.name);
    case "menu":
      return words.openMenu;
    case "name":
      return words.changeName;
    case "join-room":
      return words.otherRoom;
    case "about":
      return words.about;
    case "confirm":
      return words.areYouSure;
  }
}

function dialogContent(dialog: Dialog, state: State, options: DialogOptions): Node[] {
  const { words } = options;
  switch (dialog.type) {
    case "invitation":
      return invitationContent(dialog, options);
    case "person":
      return personContent(dialog, state, options);
    case "menu":
      return menuContent(state, dialog.notifications, options);
    case "name":
      return [
        askForm(
          {
            words,
            label: words.yourName,
            submit: words.save,
            problem: dialog.problem,
            value: state.room.name,
            maxLength: 160,
            autocomplete: "nickname",
          },
          options.onName,
        ),
      ];
    case "join-room":
      return [
        askForm(
          {
            words,
            label: words.roomName,
            hint: words.roomHint,
            submit: words.join,
            problem: dialog.problem,
            maxLength: 160,
          },
          options.onRoom,
        ),
      ];
    case "about":
      return aboutContent(dialog.digest, options);
    case "confirm":
      return [
        create("p", {}, confirmationText(dialog.what, words)),
        create(
          "div",
          { class: "buttons" },
          button(words.cancel, options.onClose, { autofocus: true }),
          button(confirmationVerb(dialog.what, words), () => options.onConfirmed(dialog.what), {
            class: "danger",
          }),
        ),
      ];
  }
}

function invitationContent(
  { link, command }: Extract<Dialog, { type: "invitation" }>,
  { words, onCopy }: DialogOptions,
): Node[] {
  const field = (label: string, value: string) => {
    const input = create("input", { readonly: true, "aria-label": label, dir: "ltr" });
    input.value = value;
    input.addEventListener("focus", () => input.select());
    return create(
      "div",
      { class: "ask-line" },
      input,
      button(words.copy, () => onCopy(value), { class: "primary" }),
    );
  };
  return [
    create("p", {}, words.inviteHint),
    create("div", { class: "qr-frame" }, qrPicture(link ?? command, words.qrCode)),
    ...(link === null ? [] : [field(words.invitationLink, link)]),
    create("p", { class: "hint" }, words.inviteTerminal),
    field(words.invitationCommand, `charla '${visibleLine(command)}'`),
  ];
}

function personContent(
  { name, fingerprint, member }: Extract<Dialog, { type: "person" }>,
  { room, hues }: State,
  { words, onCommand, onMention, onOpen }: DialogOptions,
): Node[] {
  const { rights } = room;
  const isSelf = fingerprint === room.fingerprint;
  const about = [
    isSelf && words.you,
    member?.owner === true && words.owner,
    member?.operator === true && words.operator,
    member?.muted === true && words.muted,
    room.away.has(fingerprint) && words.away,
  ].filter((part) => part !== false);
  const actions = create("div", { class: "menu" });
  if (isSelf) actions.append(button(words.changeName, () => onOpen("name")));
  else {
    actions.append(button(words.mention, () => onMention(name)));
    // Of somebody absent the server knows more than the name that they had.
    const who = member === null ? fingerprint : name;
    const mayModerate = (rights.owner || rights.operator) && member?.owner !== true;
    if (mayModerate) {
      const muted = member?.muted === true;
      actions.append(
        button(muted ? words.unmute : words.mute, () =>
          onCommand({ type: "mute", name: who, muted: !muted }),
        ),
      );
      if (rights.owner) {
        const operator = member?.operator === true;
        actions.append(
          button(operator ? words.deop : words.op, () =>
            onCommand({ type: "op", name: who, operator: !operator }),
          ),
        );
      }
      if (member !== null) {
        actions.append(
          button(words.kick, () => onCommand({ type: "kick", name }), { class: "danger" }),
        );
      }
      actions.append(
        button(words.ban, () => onCommand({ type: "ban", name: who }), { class: "danger" }),
      );
    }
  }
  return [
    create(
      "p",
      { class: "person-line" },
      create("span", { class: `dot hue-${hues.get(fingerprint) ?? 0}`, "aria-hidden": "true" }),
      create("span", {}, about.length === 0 ? words.member : about.join(", ")),
    ),
    create("p", { class: "hint key", dir: "ltr" }, visibleLine(fingerprint)),
    actions,
  ];
}

function menuContent(
  { room }: State,
  notifications: NotificationChoice,
  { words, onOpen, onCommand, onLeave, onNotifications }: DialogOptions,
): Node[] {
  const menu = create(
    "div",
    { class: "menu" },
    button(words.changeName, () => onOpen("name")),
    button(words.otherRoom, () => onOpen("join-room")),
    button(words.invite, () => onOpen("invitation")),
  );
  if (notifications === "off") {
    menu.append(button(words.notificationsOn, () => onNotifications("on")));
  } else if (notifications === "on") {
    menu.append(button(words.notificationsOff, () => onNotifications("off")));
  } else {
    menu.append(
      create(
        "p",
        { class: "hint" },
        notifications === "denied" ? words.notificationsDenied : words.notificationsUnavailable,
      ),
    );
  }
  if (room.rights.owner || room.rights.operator) {
    menu.append(
      button(words.lock, () => onCommand({ type: "lock", locked: true })),
      button(words.unlock, () => onCommand({ type: "lock", locked: false })),
      button(words.bans, () => onCommand({ type: "bans" })),
      button(words.invitations, () => onCommand({ type: "invites" })),
    );
  }
  menu.append(
    button(words.commandHelp, () => onCommand({ type: "help" })),
    button(words.about, () => onOpen("about")),
    button(words.leave, onLeave, { class: "danger" }),
  );
  if (room.rights.owner) {
    menu.append(button(words.closeForAll, () => onCommand({ type: "close" }), { class: "danger" }));
  }
  return [menu];
}

function aboutContent(digest: string | null, { words, caution, serverKey }: DialogOptions): Node[] {
  return [
    create("p", {}, words.tagline),
    create("p", {}, words.encrypted),
    ...(caution === null ? [] : [create("p", { class: "caution" }, caution)]),
    create(
      "dl",
      {},
      create("dt", {}, words.serverKey),
      create("dd", { class: "key", dir: "ltr" }, visibleLine(serverKey)),
      create("dt", {}, words.pageDigest),
      create("dd", { class: "key", dir: "ltr" }, digest ?? words.noDigest),
    ),
    create("p", { class: "hint" }, words.pageDigestHint),
  ];
}

function confirmationText(what: Confirmation, words: Words): string {
  switch (what.type) {
    case "close":
      return words.confirmClose;
    case "delete":
      return words.confirmDelete(visibleName(what.room), what.entries);
  }
}

function confirmationVerb(what: Confirmation, words: Words): string {
  return what.type === "close" ? words.closeForAll : words.deleteRoom;
}

interface SearchView {
  readonly element: HTMLElement;
  render(search: Search): void;
}

function createSearch({ words, times, onSearch, onFound }: DialogOptions): SearchView {
  const field = create("input", {
    id: "search",
    type: "search",
    enterkeyhint: "search",
    maxlength: String(MAX_TEXT),
    autocomplete: "off",
    dir: "auto",
  });
  const said = create("p", { class: "hint", role: "status" });
  const results = create("ul", { role: "list", class: "found" });
  const form = create(
    "form",
    { class: "ask", role: "search" },
    create("label", { for: "search" }, words.searchLabel),
    create(
      "div",
      { class: "ask-line" },
      field,
      create("button", { type: "submit", class: "primary" }, words.search),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim() !== "") onSearch(field.value.trim());
  });
  let shown: Search["found"] = null;
  return {
    element: create("div", { class: "search" }, form, said, results),
    render({ words: wanted, found, problem }) {
      if (document.activeElement !== field) field.value = wanted;
      let text = "";
      if (problem !== null) text = problemText(problem, words);
      else if (found !== null) text = words.found(found.length);
      else if (wanted !== "") text = words.searching;
      setText(said, text);
      if (found === shown) return;
      shown = found;
      results.replaceChildren(
        // The newest first.
        ...(found ?? []).toReversed().map((entry) => {
          const result = button("", () => onFound(entry.sequence), { class: "result" });
          result.append(
            create("bdi", { class: "name" }, visibleLabel(entry.name)),
            create("time", {}, times.moment(entry.time)),
            create("span", { class: "text", dir: "auto" }, visibleText(entry.text)),
          );
          return create("li", {}, result);
        }),
      );
    },
  };
}
