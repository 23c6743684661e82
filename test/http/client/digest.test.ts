import { describe, expect, test } from "bun:test";

import { challengesOf } from "../../../src/http/client/challenge.ts";
import { digestAnswer, digestChallenge } from "../../../src/http/client/digest.ts";

const NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
const CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

function answer(challenge: string, user = "Mufasa", password = "Circle of Life") {
  const [found] = challengesOf([["www-authenticate", challenge]], "www-authenticate");
  if (found === undefined || digestChallenge([found]) === null) return null;
  return digestAnswer(
    found,
    { user, password },
    { method: "GET", target: "/dir/index.html", count: 1, clientNonce: CLIENT_NONCE },
  );
}

describe("an answer by Digest (RFC 7616)", () => {
  const common = `realm="http-auth@example.org", qop="auth, auth-int", nonce="${NONCE}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;

  test.each([
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ])("the answer with %s is that of the example in s. 3.9.1", (algorithm, response) => {
    expect(answer(`Digest ${common}, algorithm=${algorithm}`)).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", nonce="${NONCE}", uri="/dir/index.html", ` +
        `response="${response}", algorithm=${algorithm}, cnonce="${CLIENT_NONCE}", qop=auth, nc=00000001, ` +
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    );
  });

  test("the answer with SHA-512-256 and a hashed user is that of the example in s. 3.9.2", () => {
    const challenge =
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, ' +
      'nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", ' +
      'opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true';
    const [found] = challengesOf([["www-authenticate", challenge]], "www-authenticate");
    if (found === undefined) throw new Error("no challenge");
    const written = digestAnswer(
      found,
      { user: "J\u00e4s\u00f8n Doe", password: "Secret, or not?" },
      {
        method: "GET",
        target: "/doe.json",
        count: 1,
        clientNonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
      },
    );
    // Erratum 4897: the hash of the user and the response in the RFC are of SHA-512 cut short, which is another function.
    expect(written).toContain(
      'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"',
    );
    expect(written).toContain("userhash=true");
  });

  test("without qop the answer is that of RFC 2069 (its example, by erratum 749)", () => {
    const challenge =
      'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"';
    expect(answer(challenge, "Mufasa", "CircleOfLife")).toEndWith(
      'uri="/dir/index.html", response="1949323746fe6a43ef61f9606e7febea"',
    );
  });

  test("a user that is not ASCII is encoded, unless it is hashed (s. 3.4)", () => {
    expect(answer('Digest realm="a", nonce="b"', "J\u00e4")).toContain(
      "username*=UTF-8''J%C3%A4, ",
    );
  });

  test.each([
    'Basic realm="a"',
    'Digest realm="a"',
    'Digest nonce="b"',
    'Digest realm="a", nonce="b", algorithm=SHA-1',
    'Digest realm="a", nonce="b", qop="auth-int"',
    'Digest realm="a", nonce="b", algorithm=constructor',
  ])("%j cannot be answered", (challenge) => {
    expect(answer(challenge)).toBeNull();
  });

  test("the first challenge that can be answered is chosen (s. 3.7)", () => {
    const values = ["SHA-1", "SHA-256", "MD5"].map((name) => {
      return ["www-authenticate", `Digest realm="a", nonce="b", algorithm=${name}`] as const;
    });
    const chosen = digestChallenge(challengesOf(values, "www-authenticate"));
    expect(chosen?.parameters.get("algorithm")).toBe("SHA-256");
  });
});
