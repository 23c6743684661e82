// In which codings a client takes a body, best first (RFC 9110 s. 12.5.3). Pure.

/** Content codings by their registered names, those that pack best first (s. 8.4.1; RFC 7932, RFC 8878). */
export const CODINGS = ["br", "zstd", "gzip"] as const;
export type Coding = (typeof CODINGS)[number];

/** More are not looked at: no client has so many. */
const MAX_ITEMS = 32;

/**
 * Those that are at least as welcome as the body as it is; in the order given where several are as welcome.
 *
 * @param offered what there is to choose from, the best first
 */
export function acceptedCodings(header: string | null, offered: readonly Coding[]): Coding[] {
  if (header === null || header === "") return [];
  const weights = weightsIn(header);
  const rest = weights.get("*") ?? 0;
  const weightOf = (coding: Coding) =>
    weights.get(coding) ?? (coding === "gzip" ? weights.get("x-gzip") : undefined) ?? rest;
  // As it is, a body is welcome where nothing is said; only where that is ranked does it count against the rest.
  const identity = weights.get("identity") ?? 0;
  return offered
    .filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= identity)
    .toSorted((one, other) => weightOf(other) - weightOf(one));
}

function weightsIn(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of header.split(",", MAX_ITEMS)) {
    const [coding = "", ...parameters] = item.split(";").map((piece) => piece.trim().toLowerCase());
    if (coding === "") continue;
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
    weights.set(coding, weight === undefined ? 1 : qualityOf(weight));
  }
  return weights;
}

/** s. 12.4.2; what is malformed is not wanted. */
function qualityOf(parameter: string): number {
  const written = /^q\s*=\s*([01](?:\.\d{0,3})?)$/.exec(parameter)?.[1];
  return written === undefined ? 0 : Math.min(1, Number(written));
}
