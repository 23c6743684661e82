import { describe, expect, test } from "bun:test";

import { parseField } from "../../../src/cli/get/request-input.ts";
import type { FormField } from "../../../src/http/client/request.ts";

describe("a field of a form", () => {
  test.each<[string, FormField]>([
    ["a=b", { name: "a", content: { kind: "text", text: "b" }, contentType: null }],
    ["a=", { name: "a", content: { kind: "text", text: "" }, contentType: null }],
    [
      "a=@b;c.txt",
      {
        name: "a",
        content: { kind: "file", path: "b;c.txt", fileName: "b;c.txt" },
        contentType: null,
      },
    ],
    ["a=b=c;d", { name: "a", content: { kind: "text", text: "b=c;d" }, contentType: null }],
    [
      "a=@x/b.txt",
      {
        name: "a",
        content: { kind: "file", path: "x/b.txt", fileName: "b.txt" },
        contentType: null,
      },
    ],
    [
      "a=@b.png;filename=c.png;type=image/png",
      {
        name: "a",
        content: { kind: "file", path: "b.png", fileName: "c.png" },
        contentType: "image/png",
      },
    ],
  ])("%p", (written, field) => {
    expect(parseField(written)).toEqual(field);
  });

  test.each(["a", "=b", "", "a=@b;type=x\r\ny"])("%p is USAGE", (written) => {
    expect(() => parseField(written)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
