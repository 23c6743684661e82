// Why there is no WebSocket, where the runtime says so: a browser does not.

export interface WebSocketFailure {
  /** The system's code, where there is one. */
  readonly code: string;
  /** In the runtime's words. */
  readonly message: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was reset",
  EHOSTUNREACH: "no route to it",
  ENETUNREACH: "no route to it",
  ENOTFOUND: "unknown host",
  EAI_AGAIN: "no name server answers",
  ETIMEDOUT: "no answer",
};

/** Why there is no WebSocket, in words. */
export function describeFailure({ code, message }: WebSocketFailure): string {
  const reason = REASONS[code];
  if (reason !== undefined) return reason;
  const [, status] = /(?:status code|response): (\d{3}.*)/.exec(message) ?? [];
  if (status !== undefined) return `it answered ${status} instead of opening one`;
  const [, refusal] = /[Pp]roxy connection failed: (.+)/.exec(message) ?? [];
  return refusal === undefined ? message : `the proxy refuses: ${refusal}`;
}
