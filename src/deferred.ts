// A promise, and the functions that settle it. Promise.withResolvers does the same, but Node.js has it only from 22 on, and
// the library that joins (index.ts) runs on 20.

export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(this: void, value: Value | PromiseLike<Value>): void;
  reject(this: void, reason?: unknown): void;
}

export function defer<Value>(): Deferred<Value> {
  let resolve!: Deferred<Value>["resolve"];
  let reject!: Deferred<Value>["reject"];
  const promise = new Promise<Value>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}
