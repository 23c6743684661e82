// What terminals send by themselves or are asked for, and what nobody types: for tests.

/** Those that matter to no one here. */
export const SILENT: readonly (readonly [what: string, sent: string])[] = [
  ["DA2", "\x1b[>1;3600;0c"],
  ["DA3", "\x1bP!|7E565445\x1b\\"],
  ["DSR 5", "\x1b[0n"],
  ["the colour scheme", "\x1b[?997;1n"],
  ["DECRPM of an ANSI mode", "\x1b[4;2$y"],
  ["DECRQSS", "\x1bP1$r0;1m\x1b\\"],
  ["XTGETTCAP", "\x1bP1+r524742=38\x1b\\"],
  ["XTGETTCAP that is refused", "\x1bP0+r\x1b\\"],
  ["OSC 4", "\x1b]4;1;rgb:cdcd/0000/0000\x1b\\"],
  ["OSC 12", "\x1b]12;rgb:ffff/ffff/ffff\x07"],
  ["OSC 52", "\x1b]52;c;aGVsbG8=\x07"],
  ["OSC 52 of a large clipboard", `\x1b]52;c;${"aGVsbG8h".repeat(20_000)}\x1b\\`],
  ["OSC 99", "\x1b]99;i=1:p=?;p=title,body\x1b\\"],
  ["the size of the window", "\x1b[8;24;80t"],
  ["the state of the window", "\x1b[1t"],
  ["the place of the window", "\x1b[3;10;20t"],
  ["kitty's graphics", "\x1b_Gi=31;OK\x1b\\"],
  ["DECRQCRA", "\x1bP1!~FFE0\x1b\\"],
  // Behind ESC these are Alt and a character.
  ["PM as an 8-bit control", "\x9ehello\x1b\\"],
  ["SOS as an 8-bit control", "\x98hello\x9c"],
  ["APC as an 8-bit control, with UTF-8", "\x9f\xc3\xa9\xe6\x97\xa5\x1b\\"],
  ["X10 mouse", "\x1b[M !!"],
  ["X10 mouse far to the right", "\x1b[M#\xff\xc3"],
  ["X10 mouse on letters", "\x1b[Mabc"],
  ["SGR mouse", "\x1b[<0;12;13M\x1b[<0;12;13m"],
  ["urxvt mouse", "\x1b[32;12;13M"],
  ["modifyOtherKeys", "\x1b[>4;2m"],
];

/** All of them. */
export const ANSWERS: readonly string[] = [
  ...SILENT.map(([, sent]) => sent).filter((sent) => sent.length < 100),
  "\x1b[?62;4;22c",
  "\x1bP>|tmux 3.3a\x1b\\",
  "\x1b[?2026;2$y",
  "\x1b[?5u",
  "\x1b]11;rgb:ffff/8080/0000\x07",
  "\x1b]10;rgb:ff/80/00\x1b\\",
  "\x1b[24;80R",
  "\x1b[I",
  "\x1b[O",
];
