// Whether a text is an IP address, where there is `node:net`; is-ip.browser.ts is its twin (package.json, `imports`).

export { isIP } from "node:net";
