import { describe, expect, test } from "bun:test";

import { openPlainReceiver, openPlainSender } from "../../src/client/plain-message.ts";
import { reservePort } from "../harness/ports.ts";
import { rejection } from "../net/rejection.ts";
import { openBareSocket, SERVERS_GET_REFUSALS } from "../net/sockets.ts";

describe.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "[::1]"],
] as const)("over %s", (address, written) => {
  test("a message sent is the message received", async () => {
    using receiver = await openPlainReceiver({ bind: address, port: 0 });
    const port = Number(receiver.address.replace(`${written}:`, ""));
    await using sender = await openPlainSender({ host: address, port });
    expect(sender.peer).toBe(`${written}:${port}`);
    await sender.send("hello 日本");
    expect(await receiver.message).toEqual({
      from: expect.stringMatching(address === "::1" ? /^\[::1\]:\d+$/ : /^127\.0\.0\.1:\d+$/),
      text: "hello 日本",
    });
    await sender.finish();
  });

  test("a question gets its answer", async () => {
    using receiver = await openPlainReceiver({ bind: address, port: 0 });
    const port = Number(receiver.address.replace(`${written}:`, ""));
    await using sender = await openPlainSender({ host: address, port });
    const answer = sender.ask("how are you?");
    expect((await receiver.message).text).toBe("how are you?");
    await receiver.answer("well");
    expect(await answer).toEqual({ from: `${written}:${port}`, text: "well" });
  });
});

const RECEIVE_THERE =
  "start charla receive there first; charla send --to INVITATION sends to a room";

describe("a sender", () => {
  test("sends each message as one datagram, in order, from one port", async () => {
    await using peer = await openBareSocket();
    await using sender = await openPlainSender({ host: "127.0.0.1", port: peer.port });
    await sender.send("one");
    await sender.send("");
    await sender.finish();
    const [first, second] = [await peer.next(), await peer.next()];
    expect(first.text).toBe("one");
    expect(second).toEqual({ text: "", from: first.from });
  });

  test("to a host that does not exist is UNKNOWN_HOST (RFC 6761 s. 6.4)", async () => {
    expect(await rejection(openPlainSender({ host: "nobody.invalid", port: 1 }))).toMatchObject({
      code: "UNKNOWN_HOST",
    });
  });

  test("throws at the end that nobody listens", async () => {
    const port = await reservePort();
    await using sender = await openPlainSender({ host: "127.0.0.1", port });
    await sender.send("anyone?");
    expect(await rejection(sender.finish())).toMatchObject({
      code: "NOBODY_LISTENING",
      message: `no program is listening at 127.0.0.1:${port}`,
      hint: RECEIVE_THERE,
    });
  });

  test("that learned it says so of every message after", async () => {
    const port = await reservePort();
    await using sender = await openPlainSender({ host: "127.0.0.1", port });
    await sender.send("anyone?");
    await sender.finish().catch(() => {});
    const refused = {
      code: "NOBODY_LISTENING",
      message: `no program is listening at 127.0.0.1:${port}`,
      hint: RECEIVE_THERE,
    };
    expect(await rejection(sender.send("anyone at all?"))).toMatchObject(refused);
    expect(await rejection(sender.ask("anyone at all?"))).toMatchObject(refused);
  });

  test("that asks where nobody listens does not wait for an answer", async () => {
    await using sender = await openPlainSender({ host: "127.0.0.1", port: await reservePort() });
    expect(await rejection(sender.ask("anyone?"))).toMatchObject({
      code: "NOBODY_LISTENING",
      hint: RECEIVE_THERE,
    });
  });

  test("rejects a message of more than 65,507 bytes, and sends the next", async () => {
    await using peer = await openBareSocket();
    await using sender = await openPlainSender({ host: "127.0.0.1", port: peer.port });
    expect(await rejection((async () => sender.send("a".repeat(65_508)))())).toMatchObject({
      code: "MESSAGE_TOO_LONG",
    });
    await sender.send("a".repeat(65_507));
    expect((await peer.next()).text).toBe("a".repeat(65_507));
  });

  // `send` is no async function, and the link's `send` that it calls throws at once.
  test("rejects it, as a promise does, and does not throw past a `.catch`", async () => {
    await using peer = await openBareSocket();
    await using sender = await openPlainSender({ host: "127.0.0.1", port: peer.port });
    const error: unknown = await sender.send("a".repeat(65_508)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "MESSAGE_TOO_LONG" });
  });

  test("disposed of has given its port back", async () => {
    await using peer = await openBareSocket();
    {
      await using sender = await openPlainSender({ host: "127.0.0.1", port: peer.port });
      await sender.send("hello");
    }
    const { port } = (await peer.next()).from;
    using again = await openPlainReceiver({ bind: "127.0.0.1", port });
    expect(again.address).toBe(`127.0.0.1:${port}`);
  });

  test("takes for the answer what comes after the question, from the one it asked", async () => {
    await using peer = await openBareSocket();
    await using stranger = await openBareSocket();
    await using sender = await openPlainSender({ host: "127.0.0.1", port: peer.port });
    const asked = sender.ask("how are you?");
    const { from } = await peer.next();
    await stranger.send("terrible", from.port);
    await peer.send("well\n", from.port);
    expect(await asked).toEqual({ from: `127.0.0.1:${peer.port}`, text: "well" });

    const again = sender.ask("and now?");
    await peer.next();
    await peer.send("better", from.port);
    expect(await again).toEqual({ from: `127.0.0.1:${peer.port}`, text: "better" });
  });
});

describe("a receiver", () => {
  test("has the first message, though another peer sends a second", async () => {
    using receiver = await openPlainReceiver({ bind: "127.0.0.1", port: 0 });
    const port = Number(receiver.address.replace("127.0.0.1:", ""));
    await using first = await openBareSocket();
    await using second = await openBareSocket();
    await first.send("one\r\n", port);
    await first.send("two", port);
    await second.send("three", port);
    expect(await receiver.message).toEqual({ from: `127.0.0.1:${first.port}`, text: "one" });
    await receiver.answer("to whom?");
    expect(await first.next()).toEqual({ text: "to whom?", from: { address: "127.0.0.1", port } });
  });

  test("takes an empty datagram for a message (RFC 768)", async () => {
    using receiver = await openPlainReceiver({ bind: "127.0.0.1", port: 0 });
    await using peer = await openBareSocket();
    await peer.send("", Number(receiver.address.replace("127.0.0.1:", "")));
    expect(await receiver.message).toEqual({ from: `127.0.0.1:${peer.port}`, text: "" });
  });

  test("without an address listens on every one, and shows IPv4 as IPv4 (RFC 4291 s. 2.5.5.2)", async () => {
    using receiver = await openPlainReceiver({ port: 0 });
    await using peer = await openBareSocket("127.0.0.1");
    await peer.send("hello", Number(receiver.address.replace("[::]:", "")));
    expect(await receiver.message).toEqual({ from: `127.0.0.1:${peer.port}`, text: "hello" });
  });

  test.skipIf(!SERVERS_GET_REFUSALS)("throws when nobody waited for its answer", async () => {
    using receiver = await openPlainReceiver({ bind: "127.0.0.1", port: 0 });
    const peer = await openBareSocket();
    await peer.send("hello", Number(receiver.address.replace("127.0.0.1:", "")));
    await receiver.message;
    await peer.close();
    expect(await rejection(receiver.answer("welcome"))).toMatchObject({
      code: "NOBODY_LISTENING",
      message: `no program is listening at 127.0.0.1:${peer.port}`,
    });
  });

  test("rejects an answer of more than 65,507 bytes", async () => {
    using receiver = await openPlainReceiver({ bind: "127.0.0.1", port: 0 });
    await using peer = await openBareSocket();
    await peer.send("hello", Number(receiver.address.replace("127.0.0.1:", "")));
    await receiver.message;
    expect(await rejection(receiver.answer("a".repeat(65_508)))).toMatchObject({
      code: "MESSAGE_TOO_LONG",
    });
  });

  test("disposed of has given its port back", async () => {
    const port = await reservePort();
    const address = `127.0.0.1:${port}`;
    {
      using receiver = await openPlainReceiver({ bind: "127.0.0.1", port });
      expect(receiver.address).toBe(address);
    }
    using again = await openPlainReceiver({ bind: "127.0.0.1", port });
    expect(again.address).toBe(address);
  });
});
