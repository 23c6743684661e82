// Whether a text is an invitation, by its looks: quickly, for everything that is typed, and without reading it. Pure.

/**
 * Whether what says where to join is meant as an invitation, well-formed or not, and not as a host. Where its beginning is
 * missing or mistyped it is known by what no host has.
 */
export function looksLikeInvitation(where: string): boolean {
  return /#|:\/\//.test(where) || isInvitationAlone(where);
}

/** Whether a text is an invitation, well-formed or not, and nothing else; also without its beginning, if it ends in a secret. */
export function isInvitationAlone(text: string): boolean {
  return afterScheme(text) !== null || WITH_SECRET.test(text.trim());
}

/** One word that holds a whole secret, which must not be shown nor sent unencrypted, or begins later than it should. */
const WITH_SECRET = /^\S*(?:charla:\/\/|[\w-]{43}\.[\w-]{22}(?![\w-]))\S*$/i;

/**
 * Null without the scheme, which is case-insensitive (RFC 3986 s. 3.1). A server prints `charla ` before it, and quotes around
 * one that a shell would change.
 */
export function afterScheme(text: string): string | null {
  return /^(?:charla\s+)?['"]?charla:\/\/(.*?)['"]?$/is.exec(text.trim())?.[1] ?? null;
}
