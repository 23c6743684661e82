// Which language the page speaks: the first that the browser prefers and that it has, or else English. Pure.

import { en, type Words } from "./en.ts";
import { es } from "./es.ts";

export function chooseWords(languages: readonly string[]): Words {
  for (const language of languages) {
    const [primary] = language.toLowerCase().split("-");
    if (primary === "es") return es;
    if (primary === "en") return en;
  }
  return en;
}
