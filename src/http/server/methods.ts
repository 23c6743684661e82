// Which methods there are: the others are refused, and OPTIONS tells.

import type { Step } from "./middleware.ts";
import { briefAnswer, emptyAnswer } from "./text-response.ts";

/** Those that change nothing, and are always there. */
export const READING = ["GET", "HEAD", "OPTIONS"] as const;

/** @param methods what is answered here, by this step or a later one */
export function methodStep(methods: readonly string[]): Step {
  const allow = { allow: methods.join(", ") };
  return (request, context) => {
    const { method } = request;
    if (method === "GET" || method === "HEAD") return null;
    if (method === "OPTIONS") return emptyAnswer(context, 204, allow);
    return methods.includes(method) ? null : briefAnswer(request, context, 405, allow);
  };
}
