import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { effort } from "../../../test/helpers/effort.ts";
import type { Json } from "../../platform/json.ts";
import { inStoredOrder } from "./in-stored-order.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

// Numbers as names, names of one length, and letters of one to four bytes.
const member = fc.oneof(
  fc.constantFrom("a", "b", "aa", "ab", "B", "10", "9", "09", "ü", "u", "€", "ab€", "😀", "\uffee"),
  fc.string({ unit: fc.constantFrom("a", "Z", "_", "ß", "中", "🙂", "\uffe0"), maxLength: 4 }),
);

const arbitraryValue: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Json>(null, true, 0, -0, 1e21, 2.5, "", "text", "ü€😀"),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.dictionary(member, tie("value"), { maxKeys: 6 }),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;

it("gives a value the very text that it has when it comes back from the store", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryValue, { maxLength: 20 }), async (values) => {
      const stored = await database.sql<{ value: Json }[]>`
        select value from json_array_elements(${JSON.stringify(values)}::text::json)
          with ordinality as element(text, place)
        cross join lateral (select text::jsonb as value) as converted
        order by place`;
      expect(values.map((value) => JSON.stringify(inStoredOrder(value)))).toEqual(
        stored.map(({ value }) => JSON.stringify(value)),
      );
    }),
    { numRuns: 100 * effort },
  );
});

it("leaves the value that it is given as it was", () => {
  const value = { b: { d: 1, c: 2 }, aa: [{ y: 1, x: 2 }] };
  const before = JSON.stringify(value);
  expect(JSON.stringify(inStoredOrder(value))).not.toBe(before);
  expect(JSON.stringify(value)).toBe(before);
});
