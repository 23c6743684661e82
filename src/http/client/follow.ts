// A request and the answer that it leads to, over as many redirects as anybody follows.

import { CharlaError } from "../../errors.ts";
import { type Answer, exchange, type Head, type Way } from "./exchange.ts";
import { MAX_REDIRECTS, redirected } from "./redirect.ts";
import { headerOf, type HttpRequest } from "./request.ts";

export type FollowEvent =
  | { readonly type: "request"; readonly request: HttpRequest }
  /** Bytes of the request's body that the other end has taken. */
  | { readonly type: "sent"; readonly sent: number; readonly total: number }
  | { readonly type: "answer"; readonly head: Head }
  | { readonly type: "redirect"; readonly status: number; readonly to: URL };

/**
 * The first answer that leads nowhere else.
 *
 * @throws {CharlaError}
 */
export async function follow(
  first: HttpRequest,
  way: Way,
  onEvent: (event: FollowEvent) => void,
): Promise<Answer> {
  let request = first;
  for (let redirects = 0; ; redirects += 1) {
    onEvent({ type: "request", request });
    const total = request.body?.length ?? 0;
    const answer = await exchange(request, way, (sent) => onEvent({ type: "sent", sent, total }));
    onEvent({ type: "answer", head: answer });
    let next: HttpRequest | null;
    try {
      next = redirected(request, answer.status, headerOf(answer.headers, "location"));
    } catch (error) {
      await answer.discard();
      throw error;
    }
    if (next === null) return answer;
    await answer.discard();
    if (redirects === MAX_REDIRECTS) {
      throw new CharlaError(
        "TOO_MANY_REDIRECTS",
        `the server redirects more than ${MAX_REDIRECTS} times`,
        "it may want a cookie or a login; charla get -v shows where it leads",
      );
    }
    onEvent({ type: "redirect", status: answer.status, to: next.url });
    request = next;
  }
}
