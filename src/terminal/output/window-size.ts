// The size of a terminal's window at this moment. The stream's own `columns` and `rows` are those of the last SIGWINCH that the
// runtime has handled.

import type { Output } from "../io.ts";
import type { Size } from "../rows.ts";

/** Asks the terminal (TIOCGWINSZ) and, if the size is another one, emits "resize"; Node.js and Bun have it, undocumented. */
type Refreshable = Output & { _refreshSize?(): void };

/** A terminal that doesn't know its size is taken for a VT100, 80 by 24. */
export function windowSize(output: Output): Size {
  (output as Refreshable)._refreshSize?.();
  return { columns: output.columns || 80, rows: output.rows || 24 };
}
