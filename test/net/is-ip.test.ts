import { expect, test } from "bun:test";
import { isIP } from "node:net";

import { isIP as isIPInBrowsers } from "../../src/net/is-ip.browser.ts";

const TEXTS = [
  ..."127.0.0.1 0.0.0.0 255.255.255.255 256.0.0.1 1.2.3 1.2.3.4.5 01.2.3.4 1.2.3.4. 1..2.3 0x7f.1".split(
    " ",
  ),
  ..."::1 :: 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7 1::2::3 ::ffff:1.2.3.4 ::ffff:1.2.3 fe80::1%eth0 fe80::1% %".split(
    " ",
  ),
  ..."2001:DB8::1 12345::1 [::1] ::1] ::1]:2 example.org localhost a::g 1.2.3.4%eth0 ::1%a%b".split(
    " ",
  ),
  "",
  " 1.2.3.4",
  "1.2.3.4\n",
  "::1\n",
  "::1/64",
];

test.each(TEXTS.map((text) => [text]))(
  "%j is an address in a browser where it is one for Node.js",
  (text) => {
    expect<number>(isIPInBrowsers(text)).toBe(isIP(text));
  },
);
