// Text in a page: whatever it is, it stays text.

/** Markup, which is not escaped again. */
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

/** C0 and C1 controls, and those that turn the direction of what follows (Unicode UAX 9), are pictures of nothing. */
const CONTROLS = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export function escaped(text: string): string {
  return text.replaceAll(CONTROLS, "\ufffd").replaceAll(/[&<>"']/g, (one) => ENTITIES[one] ?? one);
}

/** A template whose values are escaped, save those that are markup already. */
export function markup(
  pieces: TemplateStringsArray,
  ...values: readonly (string | Markup)[]
): Markup {
  const rest = values.map(
    (value, index) =>
      (typeof value === "string" ? escaped(value) : value.text) + (pieces[index + 1] ?? ""),
  );
  return { text: (pieces[0] ?? "") + rest.join("") };
}

export function joined(parts: readonly Markup[]): Markup {
  return { text: parts.map((part) => part.text).join("") };
}
