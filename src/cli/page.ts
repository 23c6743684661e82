// The page in the browser, which is loaded when it is requested first.

import type { ServedBy } from "../page/bundle.ts";

export function pageServedBy(servedBy: ServedBy): (request: Request) => Promise<Response> {
  return async (request) => (await import("../page/page.ts")).answerPageRequest(request, servedBy);
}
