import { type FieldError, Problem } from "../errors.ts";

/** `operations.3.value.size` → `db.pool.size`; what concerns the scope names only that. */
export const inWordsOfConfig = (
  { message, path }: FieldError,
  keys: readonly string[],
): FieldError => {
  const [, index, rest = ""] = /^operations\.(\d+)(?:\.(.*))?$/.exec(path) ?? [];
  if (index === undefined) return { path, message };
  if (rest === "environment" || rest === "app") {
    return { path: rest === "app" ? "service" : rest, message };
  }
  const inner = rest.replace(/^value\.?/, "").replace(/^key$/, "");
  return { path: [keys[Number(index)], inner].filter(Boolean).join("."), message };
};

/** A problem of a change set whose client sent a map of keys and knows no operations. */
export const problemInWordsOfConfig = (problem: Problem, keys: readonly string[]): Problem => {
  const errors = problem.errors.map((error) => inWordsOfConfig(error, keys));
  const [first] = errors;
  const detail =
    first === undefined ? problem.message : [first.path, first.message].filter(Boolean).join(": ");
  const { cause, headers, isRefusal, members } = problem;
  return new Problem(problem.code, detail, { errors, members, headers, cause, isRefusal });
};
