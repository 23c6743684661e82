// The invitations of a server that has none: the text of a new one says what was asked for, and it lets everybody in.

import type { InvitationControl } from "../../src/server/server-state.ts";

export const NO_INVITATIONS: InvitationControl = {
  invite: (room, uses, seconds) => ({
    text: `charla://${room}:${uses}:${seconds}`,
    page: null,
    limited: null,
  }),
  list: () => [],
  isOpen: () => false,
  revoke() {},
  renew() {},
  mayEnter: () => true,
  enter() {},
  closeAllOf: () => [],
};
