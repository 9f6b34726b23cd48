/** What a script may rely on; `fairlead --help` and docs/command-line.md list the same numbers. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  refused: 5,
  denied: 6,
  unavailable: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeHelp = `Exit codes:
  0  done
  1  unexpected failure; differences found with --exit-code; a question answered with no
  2  wrong usage
  3  not found
  4  conflict: the state has moved on, or a precondition does not hold
  5  refused by validation, a limit or a guard rail
  6  not authenticated, or not permitted
  7  unavailable: no connection, no answer in time, or the service is overloaded`;

const byStatus = new Map<number, ExitCode>([
  [400, exitCodes.refused],
  [401, exitCodes.denied],
  [403, exitCodes.denied],
  [404, exitCodes.notFound],
  [408, exitCodes.unavailable],
  [409, exitCodes.conflict],
  [410, exitCodes.notFound],
  [412, exitCodes.conflict],
  [413, exitCodes.refused],
  [415, exitCodes.refused],
  [422, exitCodes.refused],
  [429, exitCodes.unavailable],
  [502, exitCodes.unavailable],
  [503, exitCodes.unavailable],
  [504, exitCodes.unavailable],
]);

/** The exit code for an HTTP status that is not a success. */
export const exitCodeOf = (status: number): ExitCode => byStatus.get(status) ?? exitCodes.failure;
