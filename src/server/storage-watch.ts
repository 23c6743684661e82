// Notifies the owner once when the messages take most of what they may, once when they take all of it, and once when
// the store fails, or another file of the server. Pure: knows no log, no disk and no members.

import type { CharlaError, ErrorCode } from "../errors.ts";
import { formatBytes, type Usage } from "../log/log.ts";

export interface StorageNotice {
  /** STORE_ALMOST_FULL, or that of what has failed. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The part of the quota from which on the owner is notified. */
const ALMOST_FULL = 0.8;
/** The part below which that may happen again: well below, so that the notices don't repeat around one limit. */
const ROOM_AGAIN = 0.75;

/** The codes of notices that hold no more once messages were deleted; others hold until something is stored again. */
const OF_QUOTA: ReadonlySet<string> = new Set(["STORE_ALMOST_FULL", "QUOTA_REACHED"]);

const HINT =
  "delete old messages with charla history --delete-before, or start the server with --keep or a larger --quota";

export function createStorageWatch(usage: () => Usage, notify: (notice: StorageNotice) => void) {
  let notice: StorageNotice | null = null;
  /** What has failed since there was room, so that it is said once. */
  const failures = new Set<string>();

  function raise(raised: StorageNotice): void {
    notice = raised;
    notify(raised);
  }

  function isNew(failure: string): boolean {
    if (failures.has(failure)) return false;
    failures.add(failure);
    return true;
  }

  return {
    /** What the owner should know now, such as when they enter: messages may have been deleted since the last check. */
    get notice(): StorageNotice | null {
      if (notice !== null && OF_QUOTA.has(notice.code)) {
        const { used, quota } = usage();
        if (used < quota * ROOM_AGAIN) notice = null;
      }
      return notice;
    },
    /** After something was stored. */
    check(): void {
      const { used, quota } = usage();
      if (used < quota * ROOM_AGAIN) {
        notice = null;
        // Clearing an empty set allocates, and this runs for each message.
        if (failures.size > 0) failures.clear();
      } else if (notice === null && used >= quota * ALMOST_FULL) {
        raise({
          code: "STORE_ALMOST_FULL",
          message: `messages take ${formatBytes(used)} of the ${formatBytes(quota)} that this server may use`,
          hint: HINT,
        });
      }
    },
    /** After something was refused with QUOTA_REACHED, or because the store has failed: its disk may be full before the quota is reached. */
    refused({ code, message, hint }: CharlaError): void {
      if (!isNew(`messages ${code}`)) return;
      const allowed = formatBytes(usage().quota);
      raise(
        code === "QUOTA_REACHED"
          ? {
              code,
              message: `messages are refused: they take all of the ${allowed} that this server may use`,
              hint: HINT,
            }
          : { code, message: `messages are refused: ${message}`, hint },
      );
    },
    /** Something else than a message was refused because of a failure of which its asker learns no more. */
    failed({ code, message, hint }: CharlaError): void {
      if (isNew(code)) raise({ code, message, hint });
    },
  };
}

/** Whether the log takes no messages, which its owner should know. */
export function isOfStore(code: ErrorCode): boolean {
  return code === "QUOTA_REACHED" || code.startsWith("STORE_");
}
