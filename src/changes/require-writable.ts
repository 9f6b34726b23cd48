import type { Ctx } from "../context.ts";
import { type FieldError, Problem } from "../errors.ts";
import { describeScope } from "../platform/names.ts";
import type { Operation } from "./change-set.ts";
import { detailOf, unknownEnvironment } from "./operation-errors.ts";

/**
 * Refuses a change set with an operation on what the actor may not change. It is decided by the grants
 * alone, so whether a hidden entry exists makes no difference.
 *
 * @throws Problem `NOT_FOUND` where an entry may not even be seen, else `FORBIDDEN`
 */
export const requireWritable = ({ permissions }: Ctx, operations: readonly Operation[]): void => {
  if (permissions.mayEverywhere("entries.write") && permissions.mayEverywhere("entries.read"))
    return;
  const hidden: FieldError[] = [];
  const readOnly: FieldError[] = [];
  for (const [index, operation] of operations.entries()) {
    if (permissions.may("entries.write", operation)) continue;
    const { app, environment, key } = operation;
    const path = `operations.${index}.key`;
    const place = `"${key}" in ${describeScope(app, environment)}`;
    if (permissions.may("entries.read", operation)) {
      readOnly.push({ path, message: `you may read ${place}, but not change it` });
    } else if (environment !== "" && !permissions.seesEnvironment(environment)) {
      hidden.push(unknownEnvironment(environment, index));
    } else {
      hidden.push({ path, message: `there is nothing like ${place} that you may change` });
    }
  }
  refuse("NOT_FOUND", hidden);
  refuse("FORBIDDEN", readOnly);
};

const refuse = (code: "NOT_FOUND" | "FORBIDDEN", errors: readonly FieldError[]): void => {
  if (errors.length === 0) return;
  throw new Problem(code, detailOf(errors), { errors: errors.slice(0, 20), isRefusal: true });
};
