// What the page keeps in this browser: values under keys, in IndexedDB, or in memory where the browser forbids that. Knows
// not what they mean.

/** Such as `["device", SERVER, ROOM]`; keys are in IndexedDB's order, in which those with a common beginning are neighbours. */
export type Key = readonly (string | number)[];

/** `undefined` removes what is under the key. */
export type Change = readonly [key: Key, value: unknown];

export interface Database {
  /** False where it is gone with the page: the browser forbids IndexedDB. */
  readonly isLasting: boolean;
  get(key: Key): Promise<unknown>;
  /** The values whose keys go on after this beginning, in the order of the keys. */
  list(beginning: Key): Promise<unknown[]>;
  /** Sets the value unless there is one, and returns the one that is there then. */
  insert(key: Key, value: unknown): Promise<unknown>;
  /**
   * Makes all changes, or none. Calls take effect in their order.
   *
   * @param durability `strict` resolves once they are on the disk, `relaxed` once they are with the system
   */
  write(changes: readonly Change[], durability: "strict" | "relaxed"): Promise<void>;
  /**
   * Asks the browser once not to delete it when space gets short. To be called when there is something to lose: Firefox asks
   * the person.
   */
  persist(): void;
}

const NAME = "charla";
const VERSION = 1;
const STORE = "values";
/** A browser that has not opened it by then, ms, never does: people wait for the page meanwhile. */
const OPEN_TIMEOUT = 4_000;

/** Never fails: without IndexedDB it is a database in memory. */
export async function openDatabase(): Promise<Database> {
  try {
    return createIndexedDatabase(await connect());
  } catch {
    return createMemoryDatabase();
  }
}

/** Why something could not be written. */
export function isFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}

function connect(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error("IndexedDB does not open")), OPEN_TIMEOUT);
    // Throws SecurityError, or is not there, where the browser forbids it.
    const request = indexedDB.open(NAME, VERSION);
    request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
    request.addEventListener("success", () => {
      clearTimeout(timeout);
      resolve(request.result);
    });
    request.addEventListener("error", () => {
      clearTimeout(timeout);
      reject(request.error ?? new Error("IndexedDB does not open"));
    });
  });
}

function createIndexedDatabase(opened: IDBDatabase): Database {
  let connection: IDBDatabase | null = follow(opened);
  let hasAsked = false;

  function follow(connected: IDBDatabase): IDBDatabase {
    // The browser closes it when the person deletes the site's data, and on a phone in the background.
    connected.addEventListener("close", () => (connection = null));
    // A page of another version waits for this one.
    connected.addEventListener("versionchange", () => {
      connected.close();
      connection = null;
    });
    return connected;
  }

  async function begin(
    mode: IDBTransactionMode,
    options?: IDBTransactionOptions,
  ): Promise<IDBTransaction> {
    try {
      if (connection !== null) return connection.transaction(STORE, mode, options);
    } catch {
      // It was closed, and the event is still to come.
    }
    connection = follow(await connect());
    return connection.transaction(STORE, mode, options);
  }

  async function read<Result>(ask: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
    const transaction = await begin("readonly");
    const request = ask(transaction.objectStore(STORE));
    await completed(transaction);
    return request.result;
  }

  return {
    isLasting: true,
    get: (key) => read((store) => store.get([...key])),
    list(beginning) {
      // A list is after every number and text.
      const range = IDBKeyRange.bound([...beginning], [...beginning, []]);
      return read((store) => store.getAll(range));
    },
    async insert(key, value) {
      const transaction = await begin("readwrite", { durability: "strict" });
      const store = transaction.objectStore(STORE);
      const known = store.get([...key]);
      known.addEventListener("success", () => {
        // What can't be stored, as a CryptoKey in a private window, aborts the transaction by its exception.
        if (known.result === undefined) store.put(value, [...key]);
      });
      await completed(transaction);
      return known.result ?? value;
    },
    async write(changes, durability) {
      const transaction = await begin("readwrite", { durability });
      const store = transaction.objectStore(STORE);
      try {
        for (const [key, value] of changes) {
          if (value === undefined) store.delete([...key]);
          else store.put(value, [...key]);
        }
      } catch (error) {
        transaction.abort();
        throw error;
      }
      // Of a page that is gone before its requests are answered, browsers undo a transaction that is not being committed.
      transaction.commit();
      await completed(transaction);
    },
    persist() {
      // Only where the context is secure is there a `storage`.
      const storage: StorageManager | undefined = navigator.storage;
      if (!hasAsked) storage?.persist?.().catch(() => {});
      hasAsked = true;
    },
  };
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(transaction.error ?? new Error("the transaction was aborted"));
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", fail);
    transaction.addEventListener("error", fail);
  });
}

function createMemoryDatabase(): Database {
  const values = new Map<string, readonly [Key, unknown]>();
  const find = (key: Key) => values.get(JSON.stringify(key))?.[1];
  function set([key, value]: Change): void {
    if (value === undefined) values.delete(JSON.stringify(key));
    else values.set(JSON.stringify(key), [key, value]);
  }
  return {
    isLasting: false,
    get: async (key) => find(key),
    // Only what was written by this page: in the order in which it was.
    list: async (beginning) =>
      Array.from(values.values()).flatMap(([key, value]) =>
        beginning.every((part, index) => key[index] === part) ? [value] : [],
      ),
    async insert(key, value) {
      if (find(key) === undefined) set([key, value]);
      return find(key);
    },
    async write(changes) {
      for (const change of changes) set(change);
    },
    persist() {},
  };
}
