// The twin of timers.ts for a browser.

const { port1: sender, port2: receiver } = new MessageChannel();
let waiting: (() => void)[] = [];

receiver.addEventListener("message", () => {
  for (const run of waiting.splice(0)) run();
});
receiver.start();

/** A message to oneself: setTimeout waits 4 ms when it is nested (HTML s. 8.7), and a second in a page that is hidden. */
export function soon(run: () => void): void {
  waiting.push(run);
  // eslint-disable-next-line unicorn/require-post-message-target-origin -- a port has no other origin
  sender.postMessage(null);
}

/** A page stays as long as it is open. */
export function unref(): void {}
