// HTML from templates whose values are escaped. Pure.

/** HTML, which is not escaped again. */
export interface Markup {
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** C0 and C1 controls, and those that change the direction of text (Unicode UAX 9): replaced in names. */
const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function escape(text: string): string {
  return text.replaceAll(CONTROLS, "\ufffd").replaceAll(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}

/** The same for text of several lines. */
export function escapeLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, index) => (index % 2 === 0 ? escape(part) : part))
    .join("");
}

/** A template whose values are escaped, unless they are markup. */
export function markup(
  pieces: TemplateStringsArray,
  ...values: readonly (string | Markup)[]
): Markup {
  const rest = values.map(
    (value, index) =>
      (typeof value === "string" ? escape(value) : value.text) + (pieces[index + 1] ?? ""),
  );
  return { text: (pieces[0] ?? "") + rest.join("") };
}

export function join(parts: readonly Markup[]): Markup {
  return { text: parts.map((part) => part.text).join("") };
}

export const NOTHING = markup``;
