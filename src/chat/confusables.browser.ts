// What a text looks like, without Unicode's table of confusable characters, which would be half of a page: the server compares
// names by it, and a page only shows them. The twin of confusables.ts (package.json, `imports`).

export function skeleton(text: string): string {
  return text.normalize("NFD").toLowerCase();
}
