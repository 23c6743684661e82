import { describe, expect, test } from "bun:test";

import { type Items, readGetWords } from "../../../src/cli/get/words.ts";
import { isKnownMethod } from "../../../src/http/client/request.ts";

const read = (...words: string[]) => readGetWords(words, isKnownMethod);

function text(key: string, value: string, isJson = false): Partial<Items> {
  return { fields: [{ key, value: { kind: "text", text: value }, isJson }] };
}

describe("the words of charla get", () => {
  test.each<[string[], string | null, string[]]>([
    [["a.example"], null, ["a.example"]],
    [["POST", ":8000/path"], "POST", [":8000/path"]],
    [["DELETE", "a.example", "b.example"], "DELETE", ["a.example", "b.example"]],
    // One word is a URL, whatever it looks like.
    [["POST"], null, ["POST"]],
    [["post", "a"], null, ["post", "a"]],
    [["BREW", "a"], null, ["BREW", "a"]],
    [["a", "b:8000", "c.example:80/x?y=z"], null, ["a", "b:8000", "c.example:80/x?y=z"]],
    [["a", "http://b/?c=d"], null, ["a", "http://b/?c=d"]],
    [["a", "my-host:8000"], null, ["a", "my-host:8000"]],
    [["a", ":8000/x"], null, ["a", ":8000/x"]],
    [["a", "[::1]:8000/x"], null, ["a", "[::1]:8000/x"]],
    [["a", "b/c=d"], null, ["a", "b/c=d"]],
    [["a", "b/c@d"], null, ["a", "b/c@d"]],
  ])("%j are the method %j and the URLs %j", (words, method, urls) => {
    const found = read(...words);
    expect([found.method, found.urls]).toEqual([method, urls]);
    expect(found.items).toEqual({ headers: [], query: [], fields: [], files: [] });
  });

  test.each<[string, Partial<Items>]>([
    ["a=b", text("a", "b")],
    ["a=b=c:d", text("a", "b=c:d")],
    ["a=", text("a", "")],
    ["a:=1", text("a", "1", true)],
    ['a:=[1, "b"]', text("a", '[1, "b"]', true)],
    ["a=http://b/c", text("a", "http://b/c")],
    ["a=@f.txt", { fields: [{ key: "a", value: { kind: "file", path: "f.txt" }, isJson: false }] }],
    [
      "a:=@f.json",
      { fields: [{ key: "a", value: { kind: "file", path: "f.json" }, isJson: true }] },
    ],
    ["a==b c", { query: [["a", "b c"]] }],
    ["photo@a.png", { files: [{ key: "photo", path: "a.png" }] }],
    ["photo@dir/a.png", { files: [{ key: "photo", path: "dir/a.png" }] }],
    ["X-A:b", { headers: [["X-A", "b"]] }],
    ["Authorization:Bearer x=y", { headers: [["Authorization", "Bearer x=y"]] }],
    ["Referer:http://a/", { headers: [["Referer", "http://a/"]] }],
    ["X-Count:5", { headers: [["X-Count", "5"]] }],
    ["accept:text/plain", { headers: [["accept", "text/plain"]] }],
    ["X-E;", { headers: [["X-E", ""]] }],
  ])("the item %j is %j", (word, item) => {
    const found = read("http://a", word);
    expect(found).toMatchObject({ method: null, urls: ["http://a"] });
    expect(found.items).toEqual({ headers: [], query: [], fields: [], files: [], ...item });
  });

  test("an item that is no JSON is USAGE", () => {
    expect(() => read("a", "b:=c")).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
