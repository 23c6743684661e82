import { expect, test } from "bun:test";

import { netrcLogin } from "../../../src/http/client/netrc.ts";

const NETRC = `# comment
machine a.example login ann password s3cret
machine b.example
  login "bob smith"
  password "p \\"q\\""
  account x

machine c.example password only
macdef init
machine d.example login no password no

machine e.example login default password machine
default login guest password ""
machine f.example login never password never
`;

test.each([
  ["a.example", { user: "ann", password: "s3cret" }],
  ["A.EXAMPLE", { user: "ann", password: "s3cret" }],
  ["b.example", { user: "bob smith", password: 'p "q"' }],
  ["c.example", { user: "", password: "only" }],
  ["d.example", { user: "guest", password: "" }],
  ["e.example", { user: "default", password: "machine" }],
  ["f.example", { user: "guest", password: "" }],
])("the login of %s is %j", (host, login) => {
  expect(netrcLogin(NETRC, host)).toEqual(login);
});

test.each(["", "machine", "machine a.example", "login a password b"])(
  "%j has no login for a.example",
  (text) => {
    expect(netrcLogin(text, "a.example")).toBeNull();
  },
);
