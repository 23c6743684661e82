import { describe, expect, test } from "bun:test";

import { findLinks } from "../../../src/terminal/view/links.ts";
import { cpuTime } from "../../harness/cpu-time.ts";

const addresses = (text: string) => findLinks(text).map(({ address }) => address);

describe("an address is found", () => {
  test.each([
    ["https://example.org", "https://example.org"],
    ["see http://example.org/a?b=c&d#e here", "http://example.org/a?b=c&d#e"],
    ["HTTPS://Example.org/A", "HTTPS://Example.org/A"],
    ["http://[::1]:8080/", "http://[::1]:8080/"],
    ["charla://192.0.2.1:12345/main#KEY.SEC-ret_1", "charla://192.0.2.1:12345/main#KEY.SEC-ret_1"],
    [
      "join charla://home.example:443,[2001:db8::1]/main?via=r.example#KEY.SEC, please",
      "charla://home.example:443,[2001:db8::1]/main?via=r.example#KEY.SEC",
    ],
    ["mailto:ana@example.org?subject=hi", "mailto:ana@example.org?subject=hi"],
    ["見て、https://example.org/é。", "https://example.org/%C3%A9"],
    ["https://ru.wikipedia.org/wiki/Чат", "https://ru.wikipedia.org/wiki/%D0%A7%D0%B0%D1%82"],
    ["https://example.org/%C3%A9", "https://example.org/%C3%A9"],
  ])("in %j", (text, address) => {
    expect(addresses(text)).toEqual([address]);
  });

  test("several times in one text, each where it stands", () => {
    expect(findLinks("a http://b c,https://d.")).toEqual([
      { from: 2, to: 10, address: "http://b" },
      { from: 13, to: 22, address: "https://d" },
    ]);
  });
});

describe("what ends a sentence is no part of an address", () => {
  test.each([
    ["https://example.org.", "https://example.org"],
    ["https://example.org/a, and", "https://example.org/a"],
    ["is it https://example.org/a?", "https://example.org/a"],
    ["https://example.org/a...!", "https://example.org/a"],
    ["(https://example.org/a)", "https://example.org/a"],
    ["(see https://example.org/a_(b)).", "https://example.org/a_(b)"],
    ["[https://example.org/a]", "https://example.org/a"],
    ["<https://example.org/a>", "https://example.org/a"],
    ['"https://example.org/a"', "https://example.org/a"],
    ["*https://example.org/a*", "https://example.org/a"],
    ["https://example.org/a/", "https://example.org/a/"],
  ])("in %j", (text, address) => {
    expect(addresses(text)).toEqual([address]);
  });
});

describe("no address is found", () => {
  test.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "file://host/etc/passwd",
    "data:text/html,a",
    "ssh://example.org",
    "xhttp://example.org",
    "http:example.org",
    "https://",
    "https://)",
    "mailto:ana",
    "12:30",
    "example.org",
  ])("in %j", (text) => {
    expect(addresses(text)).toEqual([]);
  });

  test("where it would be longer than terminals take", () => {
    expect(addresses(`https://a/${"b".repeat(2_073)}`)).toHaveLength(1);
    expect(addresses(`https://a/${"b".repeat(2_074)}`)).toEqual([]);
    expect(addresses(`https://a/${"é".repeat(400)}`)).toEqual([]);
  });
});

test("the address of a lone surrogate is still well formed", () => {
  expect(addresses("https://a/\ud800")).toEqual(["https://a/"]);
});

describe("a hostile text takes no longer than others of its length", () => {
  test.each([
    "https://(",
    "https://a.",
    "mailto:a.",
    "(https://a",
    "https://a)",
    "https://a/(((((",
    "http:",
    "://",
  ])("%j, again and again", (piece) => {
    const text = piece.repeat(10_000 / piece.length);
    const start = cpuTime();
    for (let round = 0; round < 5; round += 1) findLinks(text);
    // Some milliseconds a round, on any machine; quadratic work would take seconds.
    expect(cpuTime() - start).toBeLessThan(1_000);
  });
});
