// How one request is answered: by the first of a row of steps that has an answer, which finishing touches
// then complete. Knows neither sockets nor what the steps do.

import { closeSync } from "node:fs";

import type { Folder } from "./folder.ts";
import type { Target } from "./target.ts";

/** One request, besides what is in it, while it is answered. */
export interface Context {
  readonly target: Target;
  readonly folder: Folder;
  /** The address that it came from; null where the client is gone already. */
  readonly client: string | null;
  /** What the steps open for a body that is read later: closed once the answer is on its way. */
  readonly opened: number[];
  /** Who asks, as far as that was proven. */
  user: string | null;
  /** The body's length in bytes, where it is known before it is sent. */
  length: number | null;
  /** How many requests have no whole answer yet, with this one. */
  underWay(): number;
}

type MaybePromise<T> = T | Promise<T>;

/** Null leaves the request to the next step. */
export type Step = (request: Request, context: Context) => MaybePromise<Response | null>;

/** Completes, or replaces, an answer whoever made it. */
export type Finish = (
  response: Response,
  request: Request,
  context: Context,
) => MaybePromise<Response>;

export type Answerer = (request: Request, context: Context) => MaybePromise<Response>;

/** Without waiting where no step makes it wait: most answers are ready at once. */
export function answererOf(
  steps: readonly Step[],
  last: Answerer,
  finishes: readonly Finish[],
): Answerer {
  function finish(response: Response, request: Request, context: Context, from: number) {
    let current = response;
    for (let at = from; at < finishes.length; at++) {
      const next = finishes[at]?.(current, request, context) ?? current;
      if (next instanceof Promise) {
        return next.then((made): MaybePromise<Response> => finish(made, request, context, at + 1));
      }
      current = next;
    }
    return current;
  }

  function step(request: Request, context: Context, from: number): MaybePromise<Response> {
    for (let at = from; at < steps.length; at++) {
      const made = steps[at]?.(request, context) ?? null;
      if (made instanceof Promise) {
        return made.then((response) =>
          response === null
            ? step(request, context, at + 1)
            : finish(response, request, context, 0),
        );
      }
      if (made !== null) return finish(made, request, context, 0);
    }
    const made = last(request, context);
    return made instanceof Promise
      ? made.then((response) => finish(response, request, context, 0))
      : finish(made, request, context, 0);
  }

  return (request, context) => step(request, context, 0);
}

/** The runtime has opened a file that it sends by the next turn of the event loop. */
export function closeWhenSent({ opened }: Context): void {
  if (opened.length === 0) return;
  setImmediate(() => {
    for (const descriptor of opened) closeSync(descriptor);
  });
}
