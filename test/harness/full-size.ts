// How long the proofs run that can run for any time: seeds, kills, datagrams, minutes.

/** `npm test -- --full`: half an hour for all of them together. */
export const FULL_SIZE = process.env["CHARLA_TEST_SIZE"] === "full";
