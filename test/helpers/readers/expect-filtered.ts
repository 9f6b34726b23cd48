import { expect } from "vitest";
import type { EntryName } from "../../../src/changes/state.ts";
import type { Ctx } from "../../../src/context.ts";
import { canonical } from "../store-model/model.ts";
import { type Answer, answerOf, codeOf } from "./answer.ts";
import type { ModelReader } from "./model-reader.ts";
import type { BareWorld, World } from "./world.ts";

/** Of what an answer calls by its public scope. */
export const nameOf = (item: {
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
}): EntryName => ({
  kind: item.kind,
  app: item.app ?? "",
  environment: item.environment ?? "",
  key: item.key,
});

interface Question<Body> {
  readonly world: World;
  readonly bare: BareWorld;
  readonly reader: ModelReader;
  readonly ask: (ctx: Ctx) => Promise<Body>;
  /** What is asked, so that the administrator is asked once. */
  readonly id: readonly unknown[];
  /** Where something has to exist for the reader. */
  readonly scope?: { readonly app?: string | undefined; readonly environment?: string | undefined };
  /** What is left of the administrator's answer; undefined where that is nothing. */
  readonly filter: (whole: Body) => Body | undefined;
  /** What is said where nothing is left. */
  readonly missing?: (administrator: Ctx) => Promise<Answer<Body>>;
}

/** Asks as the reader, and expects what is left of the administrator's answer. */
export const expectFiltered = async <Body>(question: Question<Body>): Promise<void> => {
  const { ask, filter, id, missing, reader, scope = {}, world } = question;
  const whole = await world.once(canonical(id), (ctx) => answerOf(ask(ctx)));
  const kept = "body" in whole ? filter(whole.body) : undefined;
  const answer = await answerOf(ask(world.as(reader)));
  const refused = await refusedByGrants(question, !reader.seesScope(scope));
  if (refused !== undefined) expect(answer).toEqual(refused);
  else if (!("body" in whole)) expect(answer).toEqual(whole);
  else if (kept !== undefined) expect(answer).toEqual({ body: kept });
  else expect(answer).toEqual(await missing?.(world.administrator));
};

/** What is refused by the grants alone is refused alike where nothing is that could be hidden. */
export const refusedByGrants = async <Body>(
  { ask, bare, reader }: Pick<Question<Body>, "ask" | "bare" | "reader">,
  isHidden: boolean,
): Promise<Answer<Body> | undefined> => {
  const isForbidden = !reader.mayAnywhere("entries.read");
  if (!isForbidden && !isHidden) return undefined;
  const refused = await answerOf(ask(bare.as(reader)));
  expect(codeOf(refused)).toBe(isForbidden ? "FORBIDDEN" : "NOT_FOUND");
  return refused;
};
