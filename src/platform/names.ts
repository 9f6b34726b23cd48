/** What entry keys look like (API contract); case-sensitive. */
export const keyPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,255}$/;

/** What apps and environments are called; the database's named constraints say the same. */
export const scopeNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** `''` inside and `null` outside both mean "all". */
export const toPublicScope = (name: string): string | null => (name === "" ? null : name);

/** A scope as people read it: `payments/production`, `payments/*`, or `global`. */
export const describeScope = (app: string, environment: string): string =>
  app === "" && environment === "" ? "global" : `${app || "*"}/${environment || "*"}`;
