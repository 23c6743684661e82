// Who is here, and the other rooms of the server.

import { visibleLabel } from "../../src/terminal/visible-text.ts";
import type { Words } from "../words/en.ts";
import { button, create, setText } from "./dom.ts";
import type { State } from "./state.ts";

export interface Side {
  readonly element: HTMLElement;
  render(state: State): void;
}

export interface SideOptions {
  readonly words: Words;
  readonly onPerson: (name: string, fingerprint: string) => void;
  readonly onRoom: (room: string) => void;
  readonly onOtherRoom: () => void;
}

/** Of more people than anybody reads through, as many are listed, and how many there are. */
const MAX_LISTED = 300;

export function createSide({ words, onPerson, onRoom, onOtherRoom }: SideOptions): Side {
  const peopleTitle = create("h2", { id: "people-title" });
  const people = create("ul", { role: "list", "aria-labelledby": "people-title" });
  const rooms = create("ul", { role: "list", "aria-labelledby": "rooms-title" });
  const element = create(
    "div",
    { class: "side-content" },
    create("h2", { id: "rooms-title" }, words.rooms),
    rooms,
    button(words.otherRoom, onOtherRoom, { class: "quiet-button" }),
    peopleTitle,
    people,
  );
  let shown: State | null = null;

  function renderPeople({ room, hues }: State): void {
    setText(peopleTitle, words.peopleHere(room.here.size));
    const listed = [...room.here].slice(0, MAX_LISTED);
    const items = listed.map(([fingerprint, name]) => {
      const isAway = room.away.has(fingerprint);
      const isSelf = fingerprint === room.fingerprint;
      const about = [isSelf && words.you, isAway && words.away].filter((part) => part !== false);
      const person = create(
        "button",
        { type: "button", class: isAway ? "person away" : "person" },
        create("span", { class: `dot hue-${hues.get(fingerprint) ?? 0}`, "aria-hidden": "true" }),
        create("bdi", {}, visibleLabel(name)),
        about.length === 0 ? null : create("span", { class: "about" }, about.join(", ")),
      );
      person.addEventListener("click", () => onPerson(name, fingerprint));
      return create("li", {}, person);
    });
    const more = room.here.size - listed.length;
    if (more > 0) items.push(create("li", { class: "about" }, words.more(more)));
    replaceKeepingFocus(people, items);
  }

  function renderRooms({ room, rooms: others }: State): void {
    const here = create(
      "button",
      { type: "button", class: "room", "aria-current": "true" },
      create("bdi", {}, visibleLabel(room.room)),
    );
    const items = others.map((other) => {
      const { name, unread, mentions } = other;
      const open = create(
        "button",
        { type: "button", class: unread > 0 ? "room unread" : "room" },
        create("bdi", {}, visibleLabel(name)),
        unread === 0
          ? null
          : create(
              "span",
              { class: mentions > 0 ? "count mentions" : "count", title: words.countNew(unread) },
              create("span", { "aria-hidden": "true" }, unread > 99 ? "99+" : String(unread)),
              create("span", { class: "unseen" }, words.countNew(unread)),
            ),
      );
      open.addEventListener("click", () => onRoom(name));
      return create("li", {}, open);
    });
    replaceKeepingFocus(rooms, [create("li", {}, here), ...items]);
  }

  return {
    element,
    render(state) {
      const before = shown;
      shown = state;
      const isSameRoom = before?.room.room === state.room.room;
      if (
        !isSameRoom ||
        before.room.here !== state.room.here ||
        before.room.away !== state.room.away ||
        before.hues !== state.hues
      ) {
        renderPeople(state);
      }
      if (!isSameRoom || before.rooms !== state.rooms) renderRooms(state);
    },
  };
}

/** By its place: who uses a keyboard goes on where they were. */
function replaceKeepingFocus(list: HTMLElement, items: readonly HTMLElement[]): void {
  const index = Array.from(list.children).findIndex((item) =>
    item.contains(document.activeElement),
  );
  list.replaceChildren(...items);
  if (index !== -1) items[Math.min(index, items.length - 1)]?.querySelector("button")?.focus();
}
