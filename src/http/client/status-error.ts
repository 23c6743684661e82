// What an answer of 400 or more says, in words for a person. Pure.

import { CharlaError } from "../../errors.ts";
import type { Head } from "./exchange.ts";
import { isPassingStatus } from "./retry.ts";

export function statusError({ status, statusText, url }: Head): CharlaError {
  const phrase = statusText === "" ? "" : ` ${statusText}`;
  return new CharlaError(
    "HTTP_STATUS",
    `${url.host} answers ${status}${phrase}`,
    statusHint(status),
  );
}

function statusHint(status: number): string {
  if (status === 401) return "-u USER:PASSWORD says who you are";
  if (status === 403) return "the server does not let you; -u USER:PASSWORD may help";
  if (status === 404 || status === 410) return "check the path";
  if (isPassingStatus(status)) return "try again later, or with --retry 3";
  return "the body may say why; --no-fail makes it no error";
}
