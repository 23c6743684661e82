// Notifications by the browser, when they were asked for with a button; and the title of the page, which counts what is unread.

import type { NotificationChoice } from "./state.ts";

/** Between two of them, ms; one that names this person comes at once. */
const NOTIFY_EVERY = 5_000;
/** Characters of a message in one. */
const MAX_NOTIFIED = 200;

export interface Notifications {
  readonly choice: NotificationChoice;
  /** Asks the person, if the browser has to. */
  turnOn(): Promise<void>;
  turnOff(): void;
  show(title: string, text: string, isMention: boolean): void;
}

export function createNotifications(now: () => number): Notifications {
  let isOn = canNotify() && Notification.permission === "granted";
  let last = -Infinity;
  return {
    get choice() {
      if (!canNotify()) return "unavailable";
      if (Notification.permission === "denied") return "denied";
      return isOn && Notification.permission === "granted" ? "on" : "off";
    },
    async turnOn() {
      if (!canNotify()) return;
      isOn = (await Notification.requestPermission()) === "granted";
    },
    turnOff() {
      isOn = false;
    },
    show(title, text, isMention) {
      if (!isOn || !canNotify() || Notification.permission !== "granted") return;
      if (!isMention && now() - last < NOTIFY_EVERY) return;
      last = now();
      const body = Array.from(text.slice(0, 2 * MAX_NOTIFIED))
        .slice(0, MAX_NOTIFIED)
        .join("");
      try {
        // With one tag a new one takes the place of the last.
        const shown = new Notification(title, { body, tag: "charla" });
        shown.addEventListener("click", () => {
          window.focus();
          shown.close();
        });
      } catch {
        // Chromium on Android takes them from service workers alone.
        isOn = false;
      }
    },
  };
}

/** Where the page came by plain http there are none. */
function canNotify(): boolean {
  return "Notification" in window && window.isSecureContext;
}
