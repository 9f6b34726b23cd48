/* oxlint-disable unicorn/no-thenable -- `then` is a member of a construct */
import type { Json, JsonObject } from "../../src/platform/json.ts";

/** A template's `$if`. */
export const ifConstruct = (path: string, yes: Json, otherwise?: Json): JsonObject => ({
  $if: path,
  then: yes,
  ...(otherwise === undefined ? {} : { else: otherwise }),
});
