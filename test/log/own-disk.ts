// Tests with a small disk of their own, on systems that let a program mount one, which is unmounted when it ends.

import { test } from "bun:test";

import { END_TO_END_TIMEOUT } from "../harness/peer-programs.ts";

const canMount =
  Bun.which("unshare") !== null &&
  Bun.spawnSync(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).exitCode === 0;

/** A test whose program mounts disks, in namespaces of its own (`unshare -rm`). */
export const testOnDisk = (title: string, body: () => Promise<void>) =>
  canMount
    ? test(title, body, END_TO_END_TIMEOUT)
    : test.skip(`${title} (this system does not let a program mount a disk)`, body);
