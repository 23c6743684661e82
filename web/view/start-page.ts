// What is shown before a room: what this page is and a field for an invitation, the question for a name, and the end.

import { visibleText } from "../../src/terminal/visible-text.ts";
import type { Words } from "../words/en.ts";
import { problemText } from "./answers.ts";
import { button, create } from "./dom.ts";
import type { Phase, Problem } from "./state.ts";

export interface StartPageOptions {
  readonly words: Words;
  readonly room: string;
  /** What the reader should know of how this page came, if anything. */
  readonly caution: string | null;
  readonly onInvitation: (text: string) => void;
  readonly onName: (name: string) => void;
  readonly onJoin: () => void;
  /** From the other tab. */
  readonly onTake: () => void;
}

export function createStartPage(
  phase: Exclude<Phase, { type: "room" }>,
  options: StartPageOptions,
): HTMLElement {
  const { words, room, caution, onInvitation, onName, onJoin, onTake } = options;
  const note = caution === null ? null : create("p", { class: "caution" }, caution);
  switch (phase.type) {
    case "explanation":
      return card(
        create("h1", {}, "charla"),
        create("p", { class: "tagline" }, words.tagline),
        ...words.explanation.map((text) => create("p", {}, text)),
        askForm(
          {
            label: words.pasteInvitation,
            example: words.invitationExample,
            submit: words.openInvitation,
            problem: phase.problem,
            words,
          },
          onInvitation,
        ),
        create("p", {}, words.startYourOwn),
        create("pre", { tabindex: "0" }, create("code", {}, "npx charla --server")),
        note,
      );
    case "name":
      return card(
        create("h1", {}, words.joinRoom(room)),
        askForm(
          {
            label: words.yourName,
            hint: words.nameHint,
            submit: words.join,
            problem: phase.problem,
            autocomplete: "nickname",
            maxLength: 160,
            words,
          },
          onName,
        ),
        note,
      );
    case "elsewhere":
      return card(
        create("h1", { tabindex: "-1" }, words.otherTab),
        button(words.useHere, onTake, { class: "primary" }),
      );
    case "over":
      return card(
        create("h1", { tabindex: "-1" }, words.ended[phase.reason]),
        phase.problem === null
          ? null
          : create("p", { class: "why" }, problemText(phase.problem, words)),
        ...phase.unsaid.map((text) =>
          create("p", { class: "unsaid", dir: "auto" }, `${words.notSent}: ${visibleText(text)}`),
        ),
        button(words.joinAgain, onJoin, { class: "primary" }),
        note,
      );
  }
}

function card(...children: readonly (Node | null)[]): HTMLElement {
  return create("main", { class: "start" }, create("div", { class: "card" }, ...children));
}

export interface Question {
  readonly words: Words;
  readonly label: string;
  readonly submit: string;
  readonly problem: Problem | null;
  readonly hint?: string;
  readonly example?: string;
  readonly value?: string;
  readonly autocomplete?: "nickname";
  readonly maxLength?: number;
}

/** One field, with what is wrong with what was written in it. */
export function askForm(question: Question, onAnswer: (text: string) => void): HTMLFormElement {
  const { words, label, submit, problem, hint, example, value, autocomplete, maxLength } = question;
  const field = create("input", {
    id: "answer",
    type: "text",
    required: true,
    dir: "auto",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: autocomplete ?? "off",
    maxlength: maxLength === undefined ? undefined : String(maxLength),
    placeholder: example,
    "aria-describedby": "answer-hint answer-problem",
    "aria-invalid": problem === null ? undefined : "true",
  });
  field.value = value ?? "";
  const form = create(
    "form",
    { class: "ask" },
    create("label", { for: "answer" }, label),
    create(
      "div",
      { class: "ask-line" },
      field,
      create("button", { type: "submit", class: "primary" }, submit),
    ),
    create("p", { id: "answer-hint", class: "hint" }, hint ?? ""),
    create(
      "p",
      { id: "answer-problem", class: "problem", role: "alert" },
      problem === null ? "" : problemText(problem, words),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text !== "") onAnswer(text);
  });
  return form;
}
