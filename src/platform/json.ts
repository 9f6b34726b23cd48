/** What JSON can hold. Objects from outside are plain, and free of `__proto__`, `constructor` and `prototype`. */
export type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

export type JsonObject = { [member: string]: Json };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
