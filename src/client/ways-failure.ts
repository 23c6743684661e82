// Why none of the ways leads to a server, with a sentence and a hint. Pure.

import { CharlaError, type ErrorCode } from "../errors.ts";

export interface WayFailure {
  /** HOST:PORT */
  readonly way: string;
  /** The most telling of its failures; null where the network did not let anything through. */
  readonly error: CharlaError | null;
  /** A private address of a network that this machine is not in. */
  readonly privateElsewhere: string | null;
}

/** Failures in which a server has answered; the first says most. */
const ANSWERS: readonly ErrorCode[] = [
  "WRONG_SECRET",
  "CONVERSATION_FULL",
  "OTHER_VERSION",
  "SESSION_LOST",
  "SERVER_KEY_CHANGED",
  "OTHER_WIRE",
];

/** Why none of the ways led to the server: its answer or, where there is none, what became of each way. */
export function describeWaysFailure(failures: readonly WayFailure[]): CharlaError {
  const errors = failures.map(withNetwork);
  const [only, ...others] = errors;
  if (only !== undefined && others.length === 0) return only;
  // What another machine with the same private address says is not the server's answer.
  const near = failures.flatMap(({ error, privateElsewhere }) =>
    error === null || privateElsewhere !== null ? [] : [error],
  );
  for (const code of ANSWERS) {
    const answer = near.find((error) => error.code === code);
    if (answer !== undefined) return answer;
  }
  const code = (near[0] ?? errors[0])?.code ?? "UNREACHABLE";
  const areAllPrivate = failures.every(({ privateElsewhere }) => privateElsewhere !== null);
  return new CharlaError(
    code,
    `none of the ${failures.length} ways leads to the server: ${errors.map(({ message }) => message).join("; ")}`,
    areAllPrivate
      ? FROM_ELSEWHERE
      : "check that charla --server still runs there; a firewall on the way may drop UDP",
  );
}

const FROM_ELSEWHERE =
  "join from the same network, or ask for an invitation that leads into it: charla --server --relay HOST, or --public-host NAME";

/** Why a private address of another network does not answer, or who else does. */
function withNetwork({ way, error, privateElsewhere }: WayFailure): CharlaError {
  const failure =
    error ??
    new CharlaError("UNREACHABLE", `nothing can be sent to ${way}`, "check the network connection");
  if (privateElsewhere === null) return failure;
  return new CharlaError(
    failure.code,
    `${failure.message} (${privateElsewhere} is private: it reaches only its own network)`,
    FROM_ELSEWHERE,
    { cause: failure },
  );
}
