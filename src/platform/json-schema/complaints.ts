import { type FieldError, Problem } from "../../errors.ts";
import { MAX_ERRORS } from "./limits.ts";

const problemOf = (first: FieldError, errors: readonly FieldError[]): Problem => {
  const place = first.path === "" ? "" : ` at ${first.path}`;
  const detail = `The JSON Schema is not valid${place}: ${first.message}`;
  return new Problem("UNPROCESSABLE", detail, { errors });
};

/** Throws `UNPROCESSABLE` for one place of a schema. */
export const refuseSchema = (path: string, message: string): never => {
  throw problemOf({ path, message }, [{ path, message }]);
};

/** Collects what is wrong with a schema, so that its author sees more than the first mistake. */
export interface Complaints {
  /** Throws `UNPROCESSABLE` once there are enough: who sends thousands of mistakes gets twenty. */
  add(path: string, message: string): void;
  /** Throws `UNPROCESSABLE` if anything was added. */
  throwIfAny(): void;
}

export const createComplaints = (): Complaints => {
  const errors: FieldError[] = [];
  const throwIfAny = (): void => {
    const [first] = errors;
    if (first !== undefined) throw problemOf(first, errors);
  };
  return {
    add(path, message) {
      errors.push({ path, message });
      if (errors.length >= MAX_ERRORS) throwIfAny();
    },
    throwIfAny,
  };
};
