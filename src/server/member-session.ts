// One client's session with the server, from the first frame on its channel to the end of it: it is outside, or a
// member of one room. Counts each frame against the limits, does what it asks for, and answers it. Knows rooms and the
// log, neither how the client connected nor who may enter (enter-room.ts).

import { type ChannelHandlers, ENDED_BY_PROGRAM, NOT_ADMITTED } from "../chat/channel.ts";
import { encodeFrame, type ServerFrame } from "../chat/frames.ts";
import { type MemberFrame, readMemberFrame } from "../chat/member-frames.ts";
import { encodeStored } from "../chat/short-frames.ts";
import { CharlaError } from "../errors.ts";
import type { SessionAllowance } from "./allowances.ts";
import { type Client, closeCode, enterRoom } from "./enter-room.ts";
import { sendInTime } from "./fan-out.ts";
import type { Action } from "./limits.ts";
import { toldTo } from "./member-errors.ts";
import { actionOf, answerRequest, encodeFailure, refuseAction, type Request } from "./requests.ts";
import type { Membership, Pause, ServerState } from "./server-state.ts";
import { isOfStore } from "./storage-watch.ts";
import {
  createStoredNumbers,
  type Saying,
  sayingRefused,
  sayingStored,
  startSaying,
  type StoredNumbers,
} from "./stored-numbers.ts";

/** Bytes of a frame that count as one frame: those with long texts cost more to read, to store and to send on. */
const FRAME_UNIT = 1_024;

type FrameOf<T extends MemberFrame["type"]> = Extract<MemberFrame, { type: T }>;

/** A class, for there are thousands. */
export class MemberSession implements ChannelHandlers {
  readonly #server: ServerState;
  readonly #client: Client;
  /** Null for the owner, who could close the server as well: a limit would only be in the way. */
  readonly #allowance: SessionAllowance | null;
  /** Ends the session if it does not ask to enter a room; null for the owner. */
  readonly #deadline: Disposable | null;
  /** Null while it is outside. */
  #membership: Membership | null = null;
  /** The room that it has asked for, as it has written it; null while it is outside. */
  #asked: string | null = null;
  /** Of what it has said in the first room that it entered here; null before, and in another one. */
  #stored: StoredNumbers | null = null;
  /** Frames that it has sent outside a room, counted as for the rate. */
  #framesOutside = 0;
  /** What it waits for because it was too fast. */
  #pausing: Pause | null = null;
  #hasEnded = false;
  /** Nothing more is taken: what follows on something that was not would be out of order. */
  #isOver = false;

  constructor(server: ServerState, client: Client) {
    const { channel, fingerprint, owner, invitation } = client;
    this.#server = server;
    this.#client = client;
    this.#allowance = owner ? null : server.allowances.open(fingerprint, invitation.id);
    const { enterWithin } = server.limits;
    const isLate = () => this.#abort(`no room was entered within ${enterWithin / 1_000} s`);
    this.#deadline = owner ? null : server.setTimer(isLate, enterWithin);
    const why = this.#allowance?.describeExcess(server.limits) ?? null;
    if (why !== null) this.#abort(why, NOT_ADMITTED);
    // It ends after everything that is still being done, such as entering.
    void channel.ended.then(() => {
      this.#deadline?.[Symbol.dispose]();
      this.#leave();
      this.#allowance?.[Symbol.dispose]();
    });
  }

  async onMessages(messages: readonly Uint8Array[]): Promise<void> {
    // What is said in one turn becomes durable together; every other frame waits for what was said before it.
    let saying: Promise<void>[] = [];
    const allSaid = async (): Promise<void> => {
      await Promise.all(saying);
      saying = [];
    };
    for (const bytes of messages) {
      if (this.#isOver || this.#server.isClosing || this.#wasRemoved()) return;
      const reading = readMemberFrame(bytes);
      if (reading.type === "invalid") {
        this.#abort(reading.why);
        break;
      }
      if (reading.type === "frame" && reading.frame.type === "enter") {
        this.#deadline?.[Symbol.dispose]();
      }
      const type = reading.type === "frame" ? reading.frame.type : null;
      const wait = this.#countFrame(1 + Math.floor(bytes.length / FRAME_UNIT), type);
      if (this.#isOver) break;
      if (wait > 0) {
        await allSaid();
        if (!(await this.#pause(wait, "frame"))) return;
      }
      if (reading.type === "unknown") continue;
      const { frame } = reading;
      if (frame.type === "say") {
        if (this.#membership === null) return this.#abortOutside(frame);
        saying.push(this.#say(this.#membership, frame));
      } else {
        await allSaid();
        if (!(await this.#handle(frame))) return;
      }
    }
    await allSaid();
  }

  /**
   * Counts a frame for its rate, and returns the ms to wait. Outside a room there are few of them; those that don't ask
   * for an answer, and the first `enter`, don't count for the invitation: keys that come and go delay no newcomer.
   */
  #countFrame(count: number, type: MemberFrame["type"] | null): number {
    if (this.#allowance === null) return 0;
    if (this.#membership !== null) return this.#allowance.take("frame", count);
    this.#framesOutside += count;
    if (this.#framesOutside > this.#server.limits.framesOutside) {
      this.#abort("too much was sent before enter");
      return 0;
    }
    return type === "look"
      ? this.#allowance.take("frame", count)
      : this.#allowance.takeAlone("frame", count);
  }

  onEnd(): void {
    this.#hasEnded = true;
    this.#pausing?.[Symbol.dispose]();
  }

  onSilent(): void {
    const membership = this.#membership;
    // If it was away too often, the others don't notice any more.
    if (membership === null || (this.#allowance?.tryTake("away") ?? 0) > 0) return;
    this.#setAway(true);
  }

  onHeard(): void {
    this.#setAway(false);
  }

  #setAway(away: boolean): void {
    this.#membership?.room.setAway(this.#membership.member, away);
  }

  /**
   * A member that is too fast waits: nothing that it says is lost, and the others are not flooded. Returns false when
   * it is gone meanwhile: then it counts no more, neither as a session nor what it waited for.
   */
  async #pause(wait: number, action: Action): Promise<boolean> {
    if (!this.#hasEnded) {
      using pause = this.#server.pause(wait);
      this.#pausing = pause;
      await pause.over;
      this.#pausing = null;
    }
    this.#isOver ||=
      this.#hasEnded || this.#server.isClosing || this.#client.channel.sayAll([]) === false;
    if (this.#isOver) this.#allowance?.giveBack(action);
    return !this.#isOver;
  }

  /** Whether somebody else has ended its membership, as by kicking it. */
  #wasRemoved(): boolean {
    return this.#membership?.room.has(this.#membership.member) === false;
  }

  /** Returns false when nothing more must be taken from the client. */
  async #handle(frame: FrameOf<"enter" | "watch" | "look"> | Request): Promise<boolean> {
    switch (frame.type) {
      case "enter":
        return this.#enter(frame);
      case "watch":
        if (this.#membership !== null) return this.#watch(this.#membership, frame);
        this.#abortOutside(frame);
        return false;
      case "look": {
        // What a client cannot know about itself: how the server sees it.
        const address = this.#client.address() ?? undefined;
        const { request } = frame;
        return this.#answer(encodeFrame({ type: "seen", request, time: Date.now(), address }));
      }
      default:
        if (this.#membership !== null) return this.#answerRequest(this.#membership, frame);
        this.#abortOutside(frame);
        return false;
    }
  }

  /** A client that asks and does not read gets no more answers, and is disconnected. */
  async #answer(answer: Uint8Array): Promise<boolean> {
    return sendInTime(this.#client.channel, [answer], this.#server.limits.unreadFor);
  }

  async #answerRequest(membership: Membership, frame: Request): Promise<boolean> {
    const action = actionOf(frame);
    if (action !== null) {
      const wait = this.#allowance?.take("list") ?? 0;
      if (wait > 0 && !(await this.#pause(wait, "list"))) return false;
    }
    if (action !== null && action !== "list") {
      const failure = refuseAction(this.#server, membership, action, this.#allowance);
      if (failure !== null) return this.#answer(encodeFailure(frame.request, failure));
    }
    return this.#answer(await answerRequest(this.#server, membership, frame, this.#allowance));
  }

  async #watch({ room, member }: Membership, { rooms }: FrameOf<"watch">): Promise<boolean> {
    const wait = this.#allowance?.take("list") ?? 0;
    if (wait > 0 && !(await this.#pause(wait, "list"))) return false;
    try {
      await this.#server.news.watch(member, room.name, rooms);
    } catch (error) {
      // Without an answer the client asks for the rooms, and learns of the store's failure then.
      if (!(error instanceof CharlaError)) throw error;
      this.#server.news.stop(member);
    }
    // It may have left while the log was read.
    if (!room.has(member)) this.#server.news.stop(member);
    return true;
  }

  async #enter(frame: FrameOf<"enter">): Promise<boolean> {
    const before = this.#membership;
    // A client that had no answer in time asks again.
    const isSame =
      before !== null && (frame.room === this.#asked || frame.room === before.room.name);
    if (isSame && before.member.device === frame.device) return true;
    const wait = this.#allowance?.take("enter") ?? 0;
    if (wait > 0 && !(await this.#pause(wait, "enter"))) return false;
    this.#leave();
    this.#stored = before === null && this.#asked === null ? createStoredNumbers() : null;
    try {
      this.#membership = await enterRoom(this.#server, this.#client, frame);
      this.#asked = frame.room;
      return true;
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      const { message } = this.#server.tell(this.#client, error);
      this.#client.channel.abort(closeCode(error.code), message);
      return false;
    }
  }

  async #say({ room, member }: Membership, { number, text }: FrameOf<"say">): Promise<void> {
    const { fingerprint: author, name, device, start } = member;
    if (this.#server.moderation.isMuted(room.name, author)) {
      return this.#refuse(number, "MUTED", `you are muted in ${room.name}`);
    }
    const stored = this.#stored;
    const saying = stored === null ? null : startSaying(stored, number);
    try {
      const draft = { author, name, device, number, text };
      const entry = await this.#server.log.append(room.name, draft);
      this.#server.storage.check();
      if (stored !== null && saying !== null) this.#tellStored(stored, saying, entry.sequence);
      // It was stored before the member entered, which does not know: the others have it already.
      if (entry.sequence <= start) this.#send({ type: "message", ...entry });
    } catch (error) {
      if (!(error instanceof CharlaError)) throw error;
      if (isOfStore(error.code)) this.#server.storage.refused(error);
      this.#refuse(number, error.code, toldTo(member, error).message);
    }
  }

  /** Its message may come back behind many others. */
  #tellStored(stored: StoredNumbers, saying: Saying, sequence: number): void {
    const last = sayingStored(stored, saying, sequence);
    if (last === null || last.sequence === null) return;
    this.#client.channel.note?.(encodeStored(last.number, last.sequence));
  }

  #refuse(number: number, code: string, message: string): void {
    if (this.#stored !== null) sayingRefused(this.#stored);
    this.#send({ type: "refused", number, code, message });
  }

  #send(frame: ServerFrame): void {
    void this.#client.channel.sayAll([encodeFrame(frame)]);
  }

  #leave(): void {
    if (this.#membership !== null) this.#server.leave(this.#membership);
    this.#membership = null;
  }

  #abort(reason: string, code = ENDED_BY_PROGRAM): void {
    this.#isOver = true;
    this.#client.channel.abort(code, reason);
  }

  #abortOutside({ type }: MemberFrame): void {
    this.#abort(`${type} was sent before enter`);
  }
}
