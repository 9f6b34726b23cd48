import { describe, expect, it } from "vitest";
import { nameUuid } from "./name-uuid.ts";

describe("the UUID of a name", () => {
  it("is always the same, of version 5", () => {
    // As Python's uuid.uuid5 says of the same namespace and the name ["finding","a",1].
    expect(nameUuid("finding", "a", 1)).toBe("36e715a8-7a75-56ac-8ee2-8d83966d8bdb");
  });

  it("is another for each list of parts", () => {
    const uuids = [
      nameUuid("a", "b"),
      nameUuid("ab"),
      nameUuid("a,b"),
      nameUuid("a", "b", ""),
      nameUuid("a", 1),
      nameUuid("a", "1"),
    ];
    expect(new Set(uuids).size).toBe(uuids.length);
  });
});
