import { type FieldError, Problem } from "../../errors.ts";
import { MAX_ERRORS } from "./limits.ts";

/** Collects what is wrong with a schema, so that its author sees more than the first mistake. */
export interface Complaints {
  add(path: string, message: string): void;
  /** Throws `UNPROCESSABLE` if anything was added. */
  throwIfAny(): void;
}

export const createComplaints = (): Complaints => {
  const errors: FieldError[] = [];
  return {
    add(path, message) {
      if (errors.length < MAX_ERRORS) errors.push({ path, message });
    },
    throwIfAny() {
      const [first] = errors;
      if (first === undefined) return;
      const place = first.path === "" ? "" : ` at ${first.path}`;
      throw new Problem("UNPROCESSABLE", `The JSON Schema is not valid${place}: ${first.message}`, {
        errors,
      });
    },
  };
};

/** `UNPROCESSABLE` for one place of a schema. */
export const refuseSchema = (path: string, message: string): never => {
  const complaints = createComplaints();
  complaints.add(path, message);
  complaints.throwIfAny();
  throw new Error("unreachable");
};
