// Small pictures for a listing: /photo.jpg?thumbnail. An edge: the runtime scales them, off the main thread.

import { conditionResponse, fileValidators, validatorHeaders } from "../conditions.ts";
import {
  bytesBody,
  type Context,
  type HttpResponse,
  type Middleware,
  refusal,
} from "../exchange.ts";
import type { OpenedFile } from "../opened.ts";

/** Pixels: twice the size in the page, for screens of high density. */
const SIZE = 96;
/** Bytes of a picture, and its pixels: more would take seconds, and the memory of four times as many bytes. */
const MAX_BYTES = 33_554_432;
const MAX_PIXELS = 64_000_000;
/** Pictures that are scaled at a time; the others wait. */
const AT_A_TIME = 2;
const NAME = /\.(?:jpe?g|png|webp)$/i;

export function thumbnailMiddleware(): Middleware {
  let active = 0;
  const waiting: (() => void)[] = [];

  async function scale(bytes: Uint8Array): Promise<Uint8Array> {
    if (active >= AT_A_TIME) await new Promise<void>((resolve) => waiting.push(resolve));
    active++;
    try {
      return await new Bun.Image(bytes, { maxPixels: MAX_PIXELS })
        .resize(SIZE, SIZE, { fit: "inside", withoutEnlargement: true })
        .webp({ quality: 70 })
        .bytes();
    } finally {
      active--;
      waiting.shift()?.();
    }
  }

  async function respond(context: Context, given: OpenedFile): Promise<HttpResponse> {
    using file = given;
    const { etag, modified } = fileValidators(file);
    const validators = { etag: `W/${etag.slice(0, -1)}-thumbnail"`, modified };
    const headers = {
      "content-type": "image/webp",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
      ...validatorHeaders(validators),
    };
    const unmet = conditionResponse(context, validators, headers);
    if (unmet !== null) return unmet;
    try {
      return { status: 200, headers, body: bytesBody(await scale(file.read(0, file.size))) };
    } catch {
      return refusal(404, "this picture cannot be scaled");
    }
  }

  return (context, next) => {
    const { target, method, folder } = context;
    const isWanted = target.search !== "" && target.query.has("thumbnail");
    const isRead = method === "GET" || method === "HEAD";
    if (!isWanted || !isRead || !NAME.test(target.path.at(-1) ?? "")) return next(context);
    using found = folder.find(target.path);
    if (found.kind !== "file") return next(context);
    if (found.size > MAX_BYTES) return refusal(404, "this picture is too large to be scaled");
    return respond(context, found.move());
  };
}
