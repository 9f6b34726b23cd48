/** Multiplies how often properties run and how long loads last: `TEST_EFFORT=20 npm test` digs deeper. */
export const effort = Number(process.env["TEST_EFFORT"] ?? "1");
