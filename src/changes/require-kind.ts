import type { Ctx } from "../context.ts";
import { invalidInput } from "../errors.ts";

/**
 * Refuses a kind that is not registered, where one is given.
 *
 * @throws Problem `INVALID_INPUT`
 */
export const requireKind = ({ kinds }: Ctx, kind: string | undefined): void => {
  if (kind === undefined || kinds.has(kind)) return;
  throw invalidInput("kind", `"${kind}" is not a kind; known are ${[...kinds.keys()].join(", ")}`);
};
