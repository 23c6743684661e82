// The page: holds the state, gives it every event of the conversation and of the person, and has it drawn once a frame.
// Does what an event asks for; what it changes on the page is in update.ts. Long, because everything that is asked of the conversation
// ends in the same few variables: the state, the conversation, and the visit that an answer belongs to.

import { type Command, parseLine } from "../../src/chat/commands.ts";
import { GOODBYE, type RoomConversation } from "../../src/chat/conversation.ts";
import type { RoomEvent } from "../../src/chat/events.ts";
import { MAX_FOUND, MAX_WATCHED } from "../../src/chat/frames.ts";
import { describeNameProblem, isRoomName } from "../../src/chat/names.ts";
import { defer } from "../../src/deferred.ts";
import { CharlaError } from "../../src/errors.ts";
import { visibleLabel, visibleLine } from "../../src/terminal/visible-text.ts";
import { chooseWords } from "../words/words.ts";
import { copyText } from "./clipboard.ts";
import { createConversationPage } from "./conversation-page.ts";
import { createDialogs } from "./dialogs.ts";
import { oldestMessage } from "./items.ts";
import { createNotifications } from "./notifications.ts";
import type { PageContext, WrittenInvitation } from "./page-context.ts";
import { runCommand } from "./run-command.ts";
import { createStartPage } from "./start-page.ts";
import { type Confirmation, type Phase, type Problem, START, type State } from "./state.ts";
import { createTimes } from "./times.ts";
import { type PageEvent, update } from "./update.ts";

/** Messages that are fetched at a time. */
const HISTORY = MAX_FOUND;
/** How often it is looked whether those who came have stayed, ms. */
const TICK = 1_000;
/** While the page is behind others nothing is drawn, but for the title, ms. */
const HIDDEN_FRAME = 500;

export function runPage(root: HTMLElement, page: PageContext): Disposable {
  const words = chooseWords(navigator.languages);
  document.documentElement.lang = words.language;
  const times = createTimes(words, localeOf(words.language));
  const notifications = createNotifications(() => performance.now());
  const stopped = new AbortController();
  const { signal } = stopped;
  const caution = page.isSecure
    ? page.servedBy === "relay"
      ? words.fromRelay(location.host)
      : null
    : words.plainHttp;

  let state: State = START;
  let name = page.name;
  let conversation: RoomConversation | null = null;
  /** The same once it is there: what is said and asked before waits for it. */
  let coming = defer<RoomConversation>();
  /** Counts the rooms that were entered: what comes of an earlier one is not shown. */
  let visit = 0;
  /** Up to which message each room was read. */
  let read: ReadonlyMap<string, number> | null = null;
  let isJoining = false;
  let isAtEnd = true;
  /** Something was written in the field since the room was entered. */
  let hasWritten = false;
  /** Said before the conversation was there: in no outbox yet. */
  let early: string[] = [];
  let drawn: {
    readonly phase: Phase["type"];
    readonly problem: Problem | null;
    readonly room: string;
  } | null = null;
  let isFrameAsked = false;
  /** To be focused with the next frame: while a dialog is open it can't be. */
  let isFieldWanted = false;

  const roomPage = createConversationPage({
    words,
    times,
    onSend: submit,
    onDraft(text) {
      hasWritten = true;
      page.memory.saveDraft(state.room.room, text);
    },
    onEnd(isThere) {
      isAtEnd = isThere;
      lookAround();
    },
    onBeginning: () => void loadEarlier(),
    onPerson: (person, fingerprint) => void openPerson(person, fingerprint),
    onRoom: (room) => void enter(room),
    onOtherRoom: () => void openDialog("join-room"),
    onDiscard: ({ id }) => dispatch({ type: "discarded", id }),
    onSearch: () => dispatch({ type: "search", words: "" }),
    onInvite: () => void openDialog("invitation"),
    onMenu: openMenu,
  });

  const dialogs = createDialogs({
    words,
    times,
    caution,
    serverKey: page.invitation?.serverFingerprint ?? "",
    onClose() {
      dispatch({ type: "dialog", dialog: null });
      dispatch({ type: "search", words: null });
    },
    onOpen: (dialog) => void openDialog(dialog),
    onCommand(command, isConfirmed) {
      dispatch({ type: "dialog", dialog: null });
      void run(command, isConfirmed);
    },
    onConfirmed(what) {
      dispatch({ type: "dialog", dialog: null });
      void run(confirmedCommand(what), true);
    },
    onLeave() {
      dispatch({ type: "dialog", dialog: null });
      void conversation?.leave();
    },
    onCopy: (text) => void copy(text),
    onMention(person) {
      dispatch({ type: "dialog", dialog: null });
      const { draft } = roomPage;
      roomPage.write(draft === "" ? `${person}: ` : `${draft.trimEnd()} ${person} `);
      isFieldWanted = true;
    },
    onName: (wanted) => void rename(wanted),
    onRoom: (room) => joinRoom(room),
    onSearch: (wanted) => void search(wanted),
    onFound: (sequence) => void showFound(sequence),
    onNotifications(choice) {
      if (choice === "off") notifications.turnOff();
      void (choice === "on" ? notifications.turnOn() : Promise.resolve()).then(() => openMenu());
    },
  });

  function dispatch(event: PageEvent): void {
    const before = state;
    state = update(state, event, Date.now());
    if (state === before) return;
    rememberRead();
    if (isFrameAsked || signal.aborted) return;
    isFrameAsked = true;
    // No frames come while the page is behind others.
    if (document.hidden) setTimeout(draw, HIDDEN_FRAME);
    else requestAnimationFrame(draw);
  }

  function draw(): void {
    if (signal.aborted || !isFrameAsked) return;
    isFrameAsked = false;
    document.title = title(state);
    const { phase } = state;
    const problem = "problem" in phase ? phase.problem : null;
    const before = drawn;
    drawn = { phase: phase.type, problem, room: state.room.room };
    if (before?.phase !== phase.type || before.problem !== problem) show(phase);
    if (phase.type === "room") roomPage.render(state, Date.now());
    dialogs.render(state);
    // Who goes to another room goes there to write.
    isFieldWanted ||= before?.room !== drawn.room;
    if (phase.type === "room" && isFieldWanted) roomPage.focus();
    isFieldWanted = false;
  }

  function show(phase: Phase): void {
    if (phase.type === "room") {
      root.replaceChildren(roomPage.element, dialogs.element);
      // Once all of it is drawn: focus lays the page out.
      isFieldWanted = true;
      return;
    }
    const start = createStartPage(phase, {
      words,
      room: visibleLabel(page.invitation?.room ?? ""),
      caution,
      onInvitation: openInvitation,
      onName: chooseName,
      onJoin: () => void enter(state.room.room),
      onTake: () => page.tabs.take(),
    });
    root.replaceChildren(start, dialogs.element);
    start.querySelector<HTMLElement>("input, h1[tabindex]")?.focus();
  }

  function openInvitation(text: string): void {
    try {
      page.openInvitation(text);
    } catch (error) {
      dispatch({ type: "phase", phase: { type: "explanation", problem: problemOf(error) } });
    }
  }

  function chooseName(wanted: string): void {
    const problem = nameProblem(wanted);
    if (problem !== null) {
      dispatch({ type: "phase", phase: { type: "name", problem } });
      return;
    }
    name = wanted.normalize("NFC");
    page.memory.saveName(name);
    void enter(page.invitation?.room ?? "");
  }

  /** Enters a room and shows what happens there, until it is left. */
  async function enter(room: string): Promise<void> {
    if (name === null) return;
    const left = { conversation, room: state.room.room };
    visit += 1;
    const thisVisit = visit;
    conversation = null;
    const thisComing = defer<RoomConversation>();
    thisComing.promise.catch(() => {});
    coming = thisComing;
    dispatch({ type: "entering", room, name });
    // What is in the field was written for the room before.
    if (room !== left.room) roomPage.restore("");
    hasWritten = false;
    early = [];
    let hasEntered = false;
    try {
      isJoining = true;
      const [joined, known, waiting] = await Promise.all([
        page.join({ name, room }),
        read ?? page.memory.loadRead(),
        page.memory.loadWaiting(room),
      ]);
      isJoining = false;
      read ??= known;
      // Before anything is said now.
      if (thisVisit === visit) for (const text of waiting) dispatch({ type: "written", text });
      if (thisVisit !== visit || signal.aborted) return await joined.leave();
      if (state.phase.type === "elsewhere") dispatch({ type: "phase", phase: { type: "room" } });
      conversation = joined;
      thisComing.resolve(joined);
      void left.conversation?.leave();
      for await (const event of joined.events) {
        if (thisVisit !== visit) return;
        hasEntered ||= event.type === "entered";
        receive(event, joined);
      }
      conversation = null;
    } catch (error) {
      isJoining = false;
      thisComing.reject(error);
      if (thisVisit !== visit) return;
      const problem = problemOf(error);
      conversation = null;
      if (!hasEntered && left.room !== "" && left.room !== room) {
        // It may be locked: then this person is where they were.
        void left.conversation?.leave();
        void enter(left.room);
        dispatch({ type: "problem", problem });
      } else if (!hasEntered && problem.code === "NAME_TAKEN") {
        dispatch({ type: "phase", phase: { type: "name", problem } });
      } else {
        const reason = hasEntered ? "lost" : "not-joined";
        const { phase } = state;
        // What ended it was said before.
        const ended =
          phase.type === "over" ? phase : ({ type: "over", reason, unsaid: [] } as const);
        dispatch({ type: "phase", phase: { ...ended, problem } });
      }
    }
  }

  function receive(event: RoomEvent, from: RoomConversation): void {
    const { unread } = state;
    const readBefore = event.type === "entered" ? read?.get(event.room) : undefined;
    dispatch({ type: "conversation", event });
    switch (event.type) {
      case "entered":
        if (readBefore !== undefined && readBefore < event.last) {
          dispatch({ type: "read-before", sequence: readBefore });
        }
        void begin(from, event.room);
        break;
      case "reconnected":
        void from.who().then((members) => dispatch({ type: "people", members }), ignoreCharlaError);
        break;
      case "renamed":
        if (state.room.name === event.to) {
          name = event.to;
          page.memory.saveName(event.to);
        }
        break;
      case "message": {
        if (state.unread.count === unread.count || document.hasFocus()) break;
        const heading = `${visibleLabel(event.from)} (${visibleLabel(state.room.room)})`;
        const isMention = state.unread.mentions > unread.mentions;
        notifications.show(heading, visibleLine(event.text), isMention);
        break;
      }
      default:
        break;
    }
  }

  /** Shows what was being written, and which other rooms there are. */
  async function begin(joined: RoomConversation, room: string): Promise<void> {
    const thisVisit = visit;
    const draft = await page.memory.loadDraft(room);
    if (thisVisit !== visit) return;
    // What has been written meanwhile may be sent already, and part of it in the draft.
    if (draft !== "" && !hasWritten && roomPage.draft === "") roomPage.restore(draft);
    await loadRooms(joined);
  }

  async function loadRooms(joined: RoomConversation): Promise<void> {
    const thisVisit = visit;
    try {
      const rooms = await joined.rooms();
      if (thisVisit !== visit) return;
      dispatch({ type: "rooms", rooms, visited: read ?? new Map() });
      const watched = state.rooms.flatMap(({ name: room, after }) =>
        after === null ? [] : [{ room, after }],
      );
      joined.watch(watched.slice(0, MAX_WATCHED));
    } catch (error) {
      ignoreCharlaError(error);
    }
  }

  async function loadEarlier(): Promise<void> {
    if (conversation === null || state.earlier === "loading" || state.earlier === "none") return;
    const thisVisit = visit;
    dispatch({ type: "history-asked" });
    const before = oldestMessage(state) ?? undefined;
    try {
      const entries = await conversation.history({ count: HISTORY, before });
      if (thisVisit !== visit) return;
      const isComplete = entries.length < HISTORY;
      dispatch({ type: "history-came", entries, isComplete });
    } catch (error) {
      ignoreCharlaError(error);
      if (thisVisit === visit) {
        dispatch({ type: "history-came", entries: null, isComplete: false });
      }
    }
  }

  function submit(line: string): void {
    try {
      const parsed = parseLine(line);
      if (parsed.type === "say") void say(parsed.text);
      else void run(parsed.command);
    } catch (error) {
      dispatch({ type: "problem", problem: problemOf(error) });
      // To be corrected rather than written again.
      roomPage.write(line);
    }
  }

  async function say(text: string): Promise<void> {
    const here = conversation;
    const there = coming.promise;
    dispatch({ type: "written", text });
    const id = state.pending.at(-1)?.id;
    if (id === undefined) return;
    const thisVisit = visit;
    if (here === null) {
      // Should the page go now, it is in the field the next time.
      early.push(text);
      page.memory.saveDraft(state.room.room, early.join("\n"));
    }
    try {
      await (here ?? (await there)).say(text);
    } catch (error) {
      const problem = problemOf(error);
      if (thisVisit === visit) dispatch({ type: "not-taken", id, problem });
    }
  }

  async function run(command: Command, isConfirmed = false): Promise<void> {
    const thisVisit = visit;
    try {
      const asked = conversation ?? (await coming.promise);
      if (thisVisit !== visit) return;
      const outcome = await runCommand(command, asked, state, isConfirmed);
      if (thisVisit !== visit) return;
      switch (outcome.type) {
        case "done":
          break;
        case "answer":
          dispatch({ type: "answer", answer: outcome.answer });
          break;
        case "confirm":
          dispatch({ type: "dialog", dialog: { type: "confirm", what: outcome.what } });
          break;
        case "join":
          void enter(outcome.room);
          break;
        case "leave":
          if (outcome.saysGoodbye) void say(GOODBYE);
          await asked.leave();
          break;
        case "people":
          dispatch({ type: "people", members: await asked.who() });
          roomPage.showPeople();
          break;
        case "search":
          await search(outcome.words);
          break;
        case "earlier":
          await loadEarlier();
          break;
        case "invitation":
          await openInvitationDialog(outcome.invitation);
          if (outcome.copies) await copyInvitation();
          break;
      }
    } catch (error) {
      const problem = problemOf(error);
      if (thisVisit === visit) dispatch({ type: "problem", problem });
    }
  }

  async function rename(wanted: string): Promise<void> {
    const problem = nameProblem(wanted);
    if (problem !== null) {
      dispatch({ type: "dialog", dialog: { type: "name", problem } });
      return;
    }
    try {
      await conversation?.rename(wanted);
      dispatch({ type: "dialog", dialog: null });
    } catch (error) {
      dispatch({ type: "dialog", dialog: { type: "name", problem: problemOf(error) } });
    }
  }

  function joinRoom(wanted: string): void {
    if (isRoomName(wanted)) {
      dispatch({ type: "dialog", dialog: null });
      void run({ type: "join", room: wanted.normalize("NFC") });
      return;
    }
    const problem = { code: "INVALID_ROOM", message: words.invalidRoom };
    dispatch({ type: "dialog", dialog: { type: "join-room", problem } });
  }

  async function search(wanted: string): Promise<void> {
    dispatch({ type: "search", words: wanted });
    if (wanted === "") return;
    try {
      const asked = conversation ?? (await coming.promise);
      const found = await asked.history({ count: MAX_FOUND, words: wanted });
      dispatch({ type: "found", words: wanted, found, problem: null });
    } catch (error) {
      dispatch({ type: "found", words: wanted, found: null, problem: problemOf(error) });
    }
  }

  /** Where it stands in the conversation, with what was said since. */
  async function showFound(sequence: number): Promise<void> {
    const thisVisit = visit;
    dispatch({ type: "search", words: null });
    while ((oldestMessage(state) ?? 0) > sequence && state.earlier === "more") {
      await loadEarlier();
      if (thisVisit !== visit) return;
    }
    // The list has to have it.
    isFrameAsked = true;
    draw();
    roomPage.scrollTo(sequence);
  }

  function openMenu(): void {
    dispatch({ type: "dialog", dialog: { type: "menu", notifications: notifications.choice } });
  }

  async function openDialog(type: "invitation" | "name" | "join-room" | "about"): Promise<void> {
    switch (type) {
      case "invitation":
        return await openInvitationDialog(null);
      case "name":
      case "join-room":
        dispatch({ type: "dialog", dialog: { type, problem: null } });
        break;
      case "about":
        dispatch({ type: "dialog", dialog: { type, digest: await page.pageDigest() } });
        break;
    }
  }

  /** @param made null for the standing one */
  async function openInvitationDialog(made: WrittenInvitation | null): Promise<void> {
    const shown = made ?? page.invitation?.to(state.room.room);
    if (shown === undefined) return;
    dispatch({ type: "dialog", dialog: { type: "invitation", ...shown, hasCopied: false } });
    const { owner, operator } = state.room.rights;
    if (made !== null || conversation === null || !(owner || operator)) return;
    try {
      // The one by which they came may have been renewed.
      const { invitation: command, page: link } = await conversation.createInvitation();
      if (secretIn(command) === secretIn(shown.command)) return;
      const { dialog } = state;
      if (dialog?.type !== "invitation" || dialog.command !== shown.command) return;
      dispatch({ type: "dialog", dialog: { ...dialog, command, link } });
    } catch (error) {
      ignoreCharlaError(error);
    }
  }

  async function copyInvitation(): Promise<void> {
    const { dialog } = state;
    if (dialog?.type === "invitation") await copy(dialog.link ?? dialog.command);
  }

  async function openPerson(person: string, fingerprint: string): Promise<void> {
    dispatch({
      type: "dialog",
      dialog: { type: "person", name: person, fingerprint, member: null },
    });
    try {
      const members = (await conversation?.who()) ?? [];
      const member = members.find((other) => other.fingerprint === fingerprint) ?? null;
      const { dialog } = state;
      if (dialog?.type !== "person" || dialog.fingerprint !== fingerprint) return;
      dispatch({ type: "dialog", dialog: { ...dialog, member } });
    } catch (error) {
      ignoreCharlaError(error);
    }
  }

  async function copy(text: string): Promise<void> {
    const hasCopied = await copyText(text);
    const { dialog } = state;
    if (dialog?.type === "invitation") {
      dispatch({ type: "dialog", dialog: { ...dialog, hasCopied } });
    }
  }

  function lookAround(): void {
    const isWatched = isAtEnd && !document.hidden && document.hasFocus();
    dispatch({ type: "watched", isWatched });
  }

  /** What is at the end of the page, in front of somebody, counts as read. */
  function rememberRead(): void {
    const { room, newest } = state.room;
    if (read === null || !state.isWatched || newest <= (read.get(room) ?? 0)) return;
    read = new Map(read).set(room, newest);
    page.memory.saveRead(room, newest);
  }

  for (const type of ["focus", "blur"] as const) {
    window.addEventListener(type, lookAround, { signal });
  }
  document.addEventListener(
    "visibilitychange",
    () => {
      lookAround();
      // The frame that was asked for does not come while the page is behind others.
      if (document.hidden && isFrameAsked) setTimeout(draw, HIDDEN_FRAME);
    },
    { signal },
  );
  page.tabs.onWaiting(() => {
    // It waits until this tab gets the room again.
    if (!isJoining) void enter(state.room.room);
    dispatch({ type: "phase", phase: { type: "elsewhere" } });
  });
  for (const type of ["online", "offline"] as const) {
    const isOnline = type === "online";
    window.addEventListener(type, () => dispatch({ type: "online", isOnline }), { signal });
  }
  fitToKeyboard(signal);
  const ticking = setInterval(() => dispatch({ type: "tick" }), TICK);

  if (page.invitation === null) {
    dispatch({
      type: "phase",
      phase: { type: "explanation", problem: page.problem && problemOf(page.problem) },
    });
  } else if (name === null) {
    dispatch({ type: "phase", phase: { type: "name", problem: null } });
  } else void enter(page.invitation.room);
  lookAround();

  return {
    [Symbol.dispose]() {
      stopped.abort();
      clearInterval(ticking);
      visit += 1;
      void conversation?.leave();
      root.replaceChildren();
    },
  };

  function nameProblem(wanted: string): Problem | null {
    const problem = describeNameProblem(wanted);
    return problem === null ? null : { code: "INVALID_NAME", message: words.invalidName(problem) };
  }
}

function title({ phase, room, unread, rooms }: State): string {
  if (phase.type !== "room" || room.room === "") return "charla";
  const count = rooms.reduce((sum, other) => sum + other.mentions, unread.count);
  return `${count > 0 ? `(${count}) ` : ""}${visibleLabel(room.room)} - charla`;
}

function secretIn(invitation: string): string {
  return invitation.slice(invitation.indexOf("#"));
}

function confirmedCommand(what: Confirmation): Command {
  return what.type === "close" ? what : { type: "delete", room: what.room };
}

/** A bug of ours is no sentence for people. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof CharlaError)) throw error;
  const { code, message, hint } = error;
  return { code, message, hint };
}

function ignoreCharlaError(error: unknown): void {
  if (!(error instanceof CharlaError)) throw error;
}

/** The browser's own variant of the page's language, for its dates. */
function localeOf(language: string): string {
  return navigator.languages.find((locale) => locale.split("-")[0] === language) ?? language;
}

/** Safari lays its keyboard over the page; where the page is made smaller instead (viewport in index.html) nothing differs. */
function fitToKeyboard(signal: AbortSignal): void {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const fit = () => {
    const { style } = document.documentElement;
    // Zoomed in by somebody, the page stays as it is.
    const isCovered = viewport.scale === 1 && window.innerHeight - viewport.height > 1;
    if (!isCovered) style.removeProperty("--height");
    else {
      style.setProperty("--height", `${viewport.height}px`);
      window.scrollTo(0, 0);
    }
  };
  viewport.addEventListener("resize", fit, { signal });
}
