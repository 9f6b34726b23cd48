import { catalogue, type FieldError, Problem } from "../errors.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-codes.ts";

/** A problem document as the server sends it, or one of the same shape for a failure on this side. */
export interface ProblemDocument {
  readonly title: string;
  readonly detail?: string;
  readonly code?: string;
  readonly status?: number;
  readonly type?: string;
  readonly requestId?: string;
  readonly errors?: readonly FieldError[];
  readonly [member: string]: unknown;
}

interface FailureOptions {
  readonly hint?: string | undefined;
  /** Absolute URL of the page that explains the problem. */
  readonly page?: string | undefined;
  readonly cause?: unknown;
}

/** The one error of the command line: a problem document, the exit code, and what may help. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly document: ProblemDocument;
  readonly hint: string | undefined;
  readonly page: string | undefined;

  constructor(exitCode: ExitCode, document: ProblemDocument, options: FailureOptions = {}) {
    super(document.detail ?? document.title, { cause: options.cause });
    this.name = "Failure";
    this.exitCode = exitCode;
    this.document = document;
    this.hint = options.hint;
    this.page = options.page;
  }
}

/** The command line was used wrongly. */
export const usageFailure = (detail: string): Failure =>
  new Failure(exitCodes.usage, { title: "Wrong usage", detail, code: "USAGE" });

/** The input is refused before it is sent; `path` says where. */
export const refusal = (path: string, message: string): Failure =>
  new Failure(exitCodes.refused, {
    title: catalogue.INVALID_INPUT.title,
    detail: `${path}: ${message}`,
    code: "INVALID_INPUT",
    errors: [{ path, message }],
  });

const fromProblem = (problem: Problem, place: string): Failure => {
  const { title, status } = catalogue[problem.code];
  const prefix = place === "" ? "" : `${place}: `;
  return new Failure(
    exitCodeOf(status),
    {
      title,
      status,
      detail: `${prefix}${problem.message}`,
      code: problem.code,
      // A lone error says the same as the detail.
      ...(problem.errors.length > 1 ? { errors: problem.errors } : {}),
      ...problem.members,
    },
    { cause: problem },
  );
};

/** Any thrown value as a `Failure`. `place` (a file, say) is put before the message of a `Problem`. */
export const asFailure = (error: unknown, place = ""): Failure => {
  if (error instanceof Failure) return error;
  if (error instanceof Problem) return fromProblem(error, place);
  const detail = error instanceof Error ? error.message : String(error);
  return new Failure(
    exitCodes.failure,
    { title: "Unexpected failure", detail, code: "UNEXPECTED" },
    { cause: error },
  );
};
