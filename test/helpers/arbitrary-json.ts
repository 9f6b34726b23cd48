import * as fc from "fast-check";
import type { Json } from "../../src/platform/json.ts";

// Few names, so that objects meet in their members; two of them live on every object's prototype.
const members = fc.constantFrom("a", "b", "c", "toString", "valueOf");

/** Small JSON values that are often objects and often share members. */
export const arbitraryJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Json>(null, true, 0, 1, 2.5, "", "text", "ü€😀"),
    fc.dictionary(members, tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
})).value;
