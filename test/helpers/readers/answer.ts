import { type ErrorCode, Problem } from "../../../src/errors.ts";

/** What a client gets: the answer, or why there is none, as far as it is told. */
export type Answer<Body> = { readonly body: Body } | { readonly refusal: Refusal };

interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly errors: Problem["errors"];
  readonly members: Problem["members"];
  readonly headers: Problem["headers"];
}

export const answerOf = async <Body>(asked: Promise<Body>): Promise<Answer<Body>> => {
  try {
    return { body: await asked };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { code, errors, headers, members, message } = error;
    return { refusal: { code, detail: message, errors, members, headers } };
  }
};

export const codeOf = (answer: Answer<unknown>): ErrorCode | undefined =>
  "refusal" in answer ? answer.refusal.code : undefined;

/** The same refusal, told of another name. */
export const retold = <Body>(answer: Answer<Body>, from: string, to: string): Answer<Body> =>
  JSON.parse(JSON.stringify(answer).replaceAll(from, to)) as Answer<Body>;
