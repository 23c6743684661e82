// Opens the WebSocket while the page's script is still on its way: on a slow network that is two round trips less until the first
// word. A script of its own, which runs as soon as it is there; what takes the WebSocket is src/net/websocket-client.browser.ts.

if (location.hash !== "") {
  // A relative URL would do in current browsers only.
  const url = `${location.origin.replace(/^http/, "ws")}/`;
  Object.assign(globalThis, { earlySocket: new WebSocket(url) });
}
