import { describe, expect, test } from "bun:test";

import { completeUrl, sameOrigin, shownUrl } from "../../../src/http/client/url.ts";

describe("a URL as people write it", () => {
  test.each([
    ["https://example.com/a", "https://example.com/a"],
    ["HTTP://Example.com", "http://example.com/"],
    ["example.com", "https://example.com/"],
    ["example.com:8080/a?b#c", "https://example.com:8080/a?b#c"],
    ["localhost", "http://localhost/"],
    ["localhost:8000", "http://localhost:8000/"],
    ["localhost:8000/a", "http://localhost:8000/a"],
    ["localhost:", "http://localhost/"],
    [":8000/a", "http://localhost:8000/a"],
    ["LOCALHOST:80/a", "http://localhost/a"],
    ["files.localhost/a", "http://files.localhost/a"],
    ["127.0.0.1", "http://127.0.0.1/"],
    ["127.9.9.9:1", "http://127.9.9.9:1/"],
    ["[::1]:8000/a", "http://[::1]:8000/a"],
    ["[::2]", "https://[::2]/"],
    ["192.168.1.7:8000", "https://192.168.1.7:8000/"],
    ["localhost.example.com", "https://localhost.example.com/"],
    ["user:secret@example.com/a", "https://user:secret@example.com/a"],
    ["example.com/a b", "https://example.com/a%20b"],
  ])("%p is read as the URL %s", (written, url) => {
    expect(completeUrl(written).href).toBe(url);
  });

  test.each([
    ["file:///etc/passwd", "charla can fetch http and https, not file"],
    ["ftp://example.com", "charla can fetch http and https, not ftp"],
    ["data:text/plain,a", '"data:text/plain,a" is not a URL'],
    ["s3://bucket/a", "charla can fetch http and https, not s3"],
    ["", '"" is not a URL'],
    ["http://", '"http://" is not a URL'],
    ["http:/example.com/a", '"http:/example.com/a" is not a URL'],
    ["https:example.com", '"https:example.com" is not a URL'],
    ["http:///example.com", '"http:///example.com" is not a URL'],
    [":", '":" is not a URL'],
    ["exa mple.com", '"exa mple.com" is not a URL'],
    ["example.com:99999", '"example.com:99999" is not a URL'],
  ])("%p is INVALID_URL", (written, message) => {
    expect(() => completeUrl(written)).toThrow(
      expect.objectContaining({ code: "INVALID_URL", message }),
    );
  });
});

test("an origin is scheme, host and port", () => {
  const at = new URL("https://example.com/a");
  const same = ["https://example.com/b?c", "https://example.com:443"];
  const other = ["http://example.com", "https://www.example.com", "https://example.com:444"];
  expect(same.map((url) => sameOrigin(at, new URL(url)))).toEqual([true, true]);
  expect(other.map((url) => sameOrigin(at, new URL(url)))).toEqual([false, false, false]);
});

test("a URL is shown without user, password and fragment", () => {
  expect(shownUrl(new URL("https://ann:secret@example.com/a?b#c"))).toBe("https://example.com/a?b");
});
