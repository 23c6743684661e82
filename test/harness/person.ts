// A person of a test: folders of their own, in which charla keeps what is theirs. No test touches the
// folders of whoever runs it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Person extends Disposable {
  /** Where their key and the servers they know are. */
  readonly config: string;
  /** Where a running server leaves its invitation. */
  readonly data: string;
  /** What tells charla so. */
  readonly env: { readonly XDG_CONFIG_HOME: string; readonly XDG_DATA_HOME: string };
}

/** Somebody new, forgotten at the end of the scope. */
export function newPerson(): Person {
  const home = mkdtempSync(join(tmpdir(), "charla-person-"));
  const env = { XDG_CONFIG_HOME: join(home, "config"), XDG_DATA_HOME: join(home, "data") };
  return {
    config: join(env.XDG_CONFIG_HOME, "charla"),
    data: join(env.XDG_DATA_HOME, "charla"),
    env,
    [Symbol.dispose]() {
      rmSync(home, { recursive: true, force: true });
    },
  };
}
