// A person in a test, with folders of their own for charla's files. No test touches the folders of the user
// who runs it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The variables that a program under test gets: those of this process without what the user who runs it has set for charla. The
 * servers of tests are not announced on the network of the machine, and leave its router alone.
 */
export const environment: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^CHARLA_(?!TEST_)/.test(name)),
  ),
  CHARLA_SERVER_NO_ANNOUNCE: "1",
  CHARLA_SERVER_NO_MAP: "1",
};

export interface Person extends Disposable {
  /** The folder of their key and known servers. */
  readonly config: string;
  /** The folder in which a running server leaves its invitation. */
  readonly data: string;
  /** Environment variables that make charla use these folders. */
  readonly env: {
    readonly XDG_CONFIG_HOME: string;
    readonly XDG_DATA_HOME: string;
    readonly XDG_CACHE_HOME: string;
  };
}

/** A new person, whose folders are removed at the end of the scope. */
export function newPerson(): Person {
  const home = mkdtempSync(join(tmpdir(), "charla-person-"));
  const env = {
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_CACHE_HOME: join(home, "cache"),
  };
  return {
    config: join(env.XDG_CONFIG_HOME, "charla"),
    data: join(env.XDG_DATA_HOME, "charla"),
    env,
    [Symbol.dispose]() {
      rmSync(home, { recursive: true, force: true });
    },
  };
}
