import { Problem } from "../../errors.ts";

/** One that the asker may not see is missing too; then it `isRefusal`. */
export const noJobSpec = (id: string, isRefusal = false): Problem =>
  new Problem("NOT_FOUND", `There is no job spec with the id "${id}".`, { isRefusal });

export const notHeld = (runtime: string, id: string, isRefusal = false): Problem =>
  new Problem("NOT_FOUND", `"${runtime}" holds no job spec with the id "${id}".`, { isRefusal });
