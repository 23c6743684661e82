// How a style looks on a terminal (SGR, ECMA-48 s. 8.3.117). Knows nothing of what is drawn.

import type { Style } from "../rows.ts";

/** The escape sequences around a text of some style; both are empty for text as the terminal shows it anyway. */
export type Theme = (style: Style) => { readonly open: string; readonly close: string };
