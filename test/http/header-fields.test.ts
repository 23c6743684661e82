import { expect, test } from "bun:test";

import { basicAuthorization } from "../../src/http/header-fields.ts";

// RFC 7617 s. 2 and 2.1.
test.each([
  ["Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
  ["test", "123\u00a3", "Basic dGVzdDoxMjPCow=="],
  ["a", "b:c", "Basic YTpiOmM="],
])("the Authorization header of %s (RFC 7617 s. 2)", (user, password, credentials) => {
  expect(basicAuthorization(user, password)).toBe(credentials);
});
