// What comes from a terminal, decoded: keys, pastes, the focus, and answers to what it was asked. Knows no bytes.

/** A key that was pressed. */
export interface Key {
  /**
   * A character in lower case (`a`, also with Shift or Ctrl; `_` for Ctrl-underscore), or `space`, `return`, `tab`, `escape`, `backspace`,
   * `delete`, `insert`, `up`, `down`, `left`, `right`, `home`, `end`, `pageup`, `pagedown`, `f1` to `f12`; "" for text that is no single key.
   * Ctrl-M and Ctrl-J are `return`, Ctrl-I is `tab`, Ctrl-H `backspace` and Ctrl-[ `escape` on every terminal.
   */
  readonly name: string;
  /** What it types; "" if it types nothing, as with Ctrl or Alt. */
  readonly text: string;
  readonly ctrl: boolean;
  /** Alt, or Escape before it. */
  readonly meta: boolean;
  readonly shift: boolean;
}

export type InputEvent =
  | { readonly type: "key"; readonly key: Key }
  /** Newlines are "\n"; other control characters are as they were pasted. At most 1 MiB; the rest was dropped. */
  | { readonly type: "paste"; readonly text: string }
  | { readonly type: "focus"; readonly focused: boolean }
  | { readonly type: "answer"; readonly answer: TerminalAnswer };

/** What a terminal answers when it is asked (xterm ctlseqs; ECMA-48 s. 8.3). */
export type TerminalAnswer =
  /** CPR: where the cursor is, counted from 1. Only expected after DSR 6: F3 with a modifier looks the same. */
  | { readonly type: "cursor"; readonly row: number; readonly column: number }
  /** DA1: every terminal answers this one, so it ends a list of questions. */
  | { readonly type: "attributes"; readonly attributes: readonly number[] }
  /** XTVERSION, such as "tmux 3.3a". */
  | { readonly type: "version"; readonly text: string }
  /** OSC 11: the colour of the screen; each part from 0 to 1. */
  | {
      readonly type: "background";
      readonly red: number;
      readonly green: number;
      readonly blue: number;
    }
  /** DECRPM: 0 is unknown, 1 set, 2 reset, 3 always set, 4 always reset. */
  | { readonly type: "mode"; readonly mode: number; readonly state: number }
  /** It has the kitty keyboard protocol, whatever its flags are. */
  | { readonly type: "keyboard" };
