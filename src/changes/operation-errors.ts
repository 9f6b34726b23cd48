import type { FieldError } from "../errors.ts";

/** Says the same of an environment that is missing and of one that may not be seen. */
export const unknownEnvironment = (environment: string, operationIndex: number): FieldError => ({
  path: `operations.${operationIndex}.environment`,
  message: `there is no environment "${environment}"`,
});

/** The first of some errors in words, and how many there are beside it. */
export const detailOf = ([first, ...others]: readonly FieldError[]): string => {
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `${first?.path}: ${first?.message}${more}`;
};
