import type { JsonObject } from "../../platform/json.ts";

/** Whether a subject of an assessment, or one of its selections, is about components. */
export const isComponentSubject = ({ type }: JsonObject): boolean => type === "component";
