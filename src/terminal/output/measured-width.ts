// How wide text is on the terminal at hand, after what it answered: it draws one probe of each kind of characters and
// reports where the cursor stands then. Pure; knows neither how a probe is drawn nor where the answers are kept.

import { type DisplayWidth, displayWidth } from "../display-width.ts";
import { splitGraphemes } from "../graphemes.ts";
import {
  type CharacterKind,
  characterKind,
  type ClusterKind,
  clusterKind,
  joinsNeighbours,
} from "./width-kinds.ts";

/** The columns of every probe. */
export type ProbedWidths = ReadonlyMap<string, number>;

/** Where the widths of this terminal are kept from one start to the next. */
export interface KeptWidths {
  /** Null if there are none. */
  find(): ProbedWidths | null;
  keep(widths: ProbedWidths): void;
}

/**
 * A text with one character of the kind in it, and what stands around that. Marks need a letter, and a terminal
 * may draw a mark in the first column as if it were one.
 */
const CHARACTER_PROBES: Readonly<
  Record<Exclude<CharacterKind, "narrow">, [string, around: string]>
> = {
  wide: ["漢", ""],
  "wide-supplementary": ["\u{17000}", ""],
  hexagram: ["\u4dc0", ""],
  trigram: ["\u2630", ""],
  "ambiguous-letter": ["я", ""],
  "ambiguous-symbol": ["…", ""],
  private: ["\ue0b0", ""],
  "wide-mark": ["\ud55c\u302e", "\ud55c"],
  mark: ["e\u0301", "e"],
  "spacing-mark": ["\u0928\u093f", "\u0928"],
  joiner: ["\u0646\u200c", "\u0646"],
  "zero-width-space": ["\u0e01\u200b", "\u0e01"],
  "soft-hyphen": ["a\u00adb", "ab"],
  format: ["a\u2068", "a"],
  prefix: ["\u0600", ""],
  selector: ["\u2268\ufe00", "\u2268"],
  jamo: ["\u1112\u1161", "\u1112"],
  emoji: ["👍", ""],
  "emoji-11": ["\u{1f970}", ""],
  "emoji-12": ["\u{1fa90}", ""],
  "emoji-13": ["\u{1fab4}", ""],
  "emoji-14": ["\u{1f979}", ""],
  "emoji-15": ["\u{1fae8}", ""],
  "emoji-16": ["\u{1fae9}", ""],
  "emoji-17": ["\u{1faea}", ""],
  "text-emoji": ["❤", ""],
  "wide-text-emoji": ["\u3297", ""],
  "supplementary-text-emoji": ["\u{1f202}", ""],
  "skin-tone": ["\u{1f3fd}", ""],
  regional: ["\u{1f1e9}", ""],
};

/** How a terminal may count a cluster, given how it counts a part of it. */
type Rule = (cluster: string, width: (part: string) => number) => number;

const JOINER = "\u200d";

const one: Rule = () => 1;
const two: Rule = () => 2;
const asRuntime: Rule = (cluster) => displayWidth(cluster);
const sum: Rule = (cluster, width) => total(Array.from(cluster), width);
const first: Rule = (cluster, width) => width(Array.from(cluster)[0] ?? "");
const widest: Rule = (cluster, width) => Math.max(...Array.from(cluster, width));
const atMostTwo: Rule = (cluster, width) => Math.min(2, sum(cluster, width));
/** The same for what joiners join: each may be a cluster itself. */
const sumJoined: Rule = (cluster, width) => total(cluster.split(JOINER), width);
const firstJoined: Rule = (cluster, width) => width(cluster.split(JOINER)[0] ?? "");
const widestJoined: Rule = (cluster, width) => Math.max(...cluster.split(JOINER).map(width));
const atMostTwoJoined: Rule = (cluster, width) => Math.min(2, sumJoined(cluster, width));
/** Only the one character after a joiner is drawn with what is before it (tmux before 3.6). */
const nextJoined: Rule = (cluster, width) => {
  const [head = "", ...others] = cluster.split(JOINER);
  return (
    width(head) +
    total(
      others.flatMap((part) => Array.from(part).slice(1)),
      width,
    )
  );
};

function total(parts: readonly string[], width: (part: string) => number): number {
  return parts.reduce((columns, part) => columns + (part === "" ? 0 : width(part)), 0);
}

interface Cluster {
  readonly probes: readonly string[];
  /** The first that fits all probes holds for the kind; if there is none, the one that fits most. */
  readonly rules: readonly Rule[];
}

const CLUSTERS: Readonly<Record<ClusterKind, Cluster>> = {
  "emoji-sequence": {
    probes: ["👩‍👩‍👧", "🏳️‍🌈", "👩🏽‍🤝‍👨🏻", "❤️‍🔥"],
    rules: [two, nextJoined, firstJoined, sumJoined, widestJoined, atMostTwoJoined],
  },
  flag: { probes: ["🇩🇪"], rules: [sum, two, first, one] },
  "tagged-flag": {
    probes: ["🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"],
    rules: [first, two, sum],
  },
  keycap: { probes: ["1\ufe0f\u20e3"], rules: [two, first, sum] },
  "emoji-style": { probes: ["❤\ufe0f", "⚠\ufe0f", "™\ufe0f"], rules: [two, first, sum] },
  "text-style": { probes: ["☕\ufe0e", "❤\ufe0e"], rules: [first, one, sum] },
  "skin-toned": { probes: ["👍🏽", "✌🏽"], rules: [two, first, sum, widest] },
  syllable: { probes: ["\u1112\u1161\u11ab"], rules: [sum, two, first] },
  "voiced-kana": { probes: ["\uff76\uff9e"], rules: [sum, first] },
  "sara-am": { probes: ["\u0e01\u0e33"], rules: [sum, first] },
  "joined-letters": {
    probes: ["\u0915\u094d\u200d\u0937\u093f"],
    rules: [sumJoined, nextJoined, firstJoined, atMostTwoJoined, asRuntime],
  },
  conjunct: {
    probes: ["\u0915\u094d\u0937", "\u0915\u094d\u0937\u093f"],
    rules: [sum, atMostTwo, first, widest, asRuntime],
  },
  marked: { probes: ["\u0ba8\u0bbf", "\u0ba8\u0bc0"], rules: [sum, first, atMostTwo] },
};

/** What charla itself draws, one by one: these must be right. */
const OWN_CHARACTERS = ["·", "—", "“", "”", "─", "│", "█", "▀", "▄"];

/** What the terminal is asked to draw, one after the other. */
export const PROBES: readonly string[] = [
  ...Object.values(CHARACTER_PROBES).map(([probe]) => probe),
  ...Object.values(CLUSTERS).flatMap(({ probes }) => probes),
  ...OWN_CHARACTERS,
];

/** Columns that the widest probe may take, on a terminal that adds up all its parts. */
export const WIDEST_PROBE = 12;

/** The widths in a record of columns by probe; null unless every probe has its columns. */
export function readWidths(record: unknown): ProbedWidths | null {
  if (typeof record !== "object" || record === null) return null;
  const columns = new Map<unknown, unknown>(Object.entries(record));
  const widths = PROBES.flatMap((probe): [string, number][] => {
    const width = columns.get(probe);
    const isWidth = typeof width === "number" && Number.isInteger(width);
    return isWidth && width >= 0 && width <= WIDEST_PROBE ? [[probe, width]] : [];
  });
  return widths.length === PROBES.length ? new Map(widths) : null;
}

/** Instead of the width of a character: it may make one with its neighbours, or it has not been met yet. */
const JOINS = 255;
const UNKNOWN = 254;
/** Longer texts, and more of them, are not remembered with their width. */
const MAX_REMEMBERED_LENGTH = 64;
const MAX_REMEMBERED = 4_096;

/** Most texts. */
const ASCII = /^[ -~]*$/;

/** @param widths of `PROBES` */
export function measuredWidth(widths: ProbedWidths): DisplayWidth {
  const kinds = new Map<CharacterKind, number>();
  const rules = new Map<ClusterKind, Rule>();
  /** By UTF-16 unit. */
  const units = new Uint8Array(0x10_000).fill(UNKNOWN).fill(JOINS, 0xd800, 0xe000);
  const remembered = new Map<string, number>();

  function characterWidth(character: string): number {
    return widths.get(character) ?? kindWidth(characterKind(character));
  }

  function kindWidth(kind: CharacterKind): number {
    const learned = kinds.get(kind);
    if (learned !== undefined || kind === "narrow") return learned ?? 1;
    const [probe, around] = CHARACTER_PROBES[kind];
    const drawn = widths.get(probe) ?? displayWidth(probe);
    const width = Math.max(0, drawn - total(Array.from(around), characterWidth));
    kinds.set(kind, width);
    return width;
  }

  function clusterWidth(cluster: string): number {
    const drawn = widths.get(cluster);
    if (drawn !== undefined) return drawn;
    const kind = clusterKind(cluster);
    if (kind === null) return characterWidth(cluster);
    let rule = rules.get(kind);
    if (rule === undefined) rules.set(kind, (rule = learnRule(kind)));
    return rule(cluster, clusterWidth);
  }

  function learnRule(kind: ClusterKind): Rule {
    const { probes, rules: candidates } = CLUSTERS[kind];
    const fitting = candidates.map((rule) => ({
      rule,
      fits: probes.filter((probe) => rule(probe, clusterWidth) === widths.get(probe)).length,
    }));
    return fitting.reduce((best, next) => (next.fits > best.fits ? next : best)).rule;
  }

  function learnUnit(code: number): number {
    const character = String.fromCharCode(code);
    const joins = joinsNeighbours(character, characterKind(character));
    return (units[code] = joins ? JOINS : characterWidth(character));
  }

  /** Of a piece of text whose characters may make one with each other, but with none around it. */
  function pieceWidth(piece: string): number {
    const known = remembered.get(piece);
    if (known !== undefined) return known;
    const width = graphemeWidths(piece);
    if (piece.length > MAX_REMEMBERED_LENGTH) return width;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(piece, width);
    return width;
  }

  /** Not every script with joiners has them inside of a grapheme (UAX #29, GB9c). */
  function graphemeWidths(text: string): number {
    let columns = 0;
    let before = "";
    for (const grapheme of splitGraphemes(text)) {
      const cluster = before + grapheme;
      before = cluster.endsWith(JOINER) ? cluster : "";
      if (before === "") columns += clusterWidth(cluster);
    }
    return before === "" ? columns : columns + clusterWidth(before);
  }

  return (text) => {
    if (ASCII.test(text)) return text.length;
    let columns = 0;
    // A piece ends between two characters that both join nothing.
    let start = 0;
    let last = JOINS;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      let width = units[code] ?? JOINS;
      if (width === UNKNOWN) width = learnUnit(code);
      if (width !== JOINS && last !== JOINS) {
        columns += index - start === 1 ? last : pieceWidth(text.slice(start, index));
        start = index;
      }
      last = width;
    }
    if (last !== JOINS && text.length - start === 1) return columns + last;
    return start < text.length ? columns + pieceWidth(text.slice(start)) : columns;
  };
}
