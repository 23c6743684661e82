// Makes elements, and changes only what differs. Text is always text: no markup is ever parsed.

type Attributes = Readonly<Record<string, string | boolean | undefined>>;
type Child = Node | string | null;

/** An element with these attributes; `true` is one without a value, `false` and undefined are none. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setAttribute(
  element: Element,
  name: string,
  value: string | boolean | undefined,
): void {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== (value === true ? "" : value)) {
    element.setAttribute(name, value === true ? "" : value);
  }
}

/** A live region repeats what is written to it again, so it is written only when it is another text. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function button(
  label: string,
  onClick: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const made = create("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", onClick);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** A picture of 24 by 24, drawn with lines; what it stands for is said by the control that it is in. */
export function icon(path: string): SVGSVGElement {
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of [
    ["viewBox", "0 0 24 24"],
    ["aria-hidden", "true"],
    ["class", path === ICONS.menu ? "icon dots" : "icon"],
  ] as const) {
    picture.setAttribute(name, value);
  }
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
}

export function iconButton(
  label: string,
  path: string,
  onClick: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const made = button("", onClick, {
    "aria-label": label,
    title: label,
    ...attributes,
    class: `icon-button ${typeof attributes["class"] === "string" ? attributes["class"] : ""}`,
  });
  made.append(icon(path));
  return made;
}

export const ICONS = {
  people:
    "M16 20v-1a4 4 0 0 0-4-4H7a4 4 0 0 0-4 4v1M9.5 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M21 20v-1a4 4 0 0 0-3-3.9M15.5 4.2a3.5 3.5 0 0 1 0 6.6",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M20 20l-4-4",
  invite: "M12 5v14M5 12h14",
  menu: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  send: "M5 12h13M12 5.5l6.5 6.5-6.5 6.5",
  down: "M12 5v13M5.5 12.5 12 19l6.5-6.5",
  close: "M6 6l12 12M18 6 6 18",
} as const;
