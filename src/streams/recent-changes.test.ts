import { describe, expect, it } from "vitest";
import type { CommittedRevision } from "../layers/memory/layer-memory.ts";
import { createRecentChanges, scopeId } from "./recent-changes.ts";

const epoch = "0123456789abcdef";

const entryOf = (revision: number, key: string, kind = "config") => ({
  id: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
  kind,
  app: "",
  environment: "",
  key,
  version: 1,
  revision,
  deleted: false,
  value: null,
  schema: undefined,
  description: undefined,
  merge: "replace" as const,
});

/** Revisions that change as many entries as the numbers say. */
const runOf = (after: number, counts: readonly number[]) => {
  const revisions: CommittedRevision[] = counts.map((count, index) => ({
    revision: after + index + 1,
    committedAt: "2026-01-31T12:00:00.123456Z",
    message: "",
    entries: Array.from({ length: count }, (_, entry) => entryOf(after + index + 1, `k${entry}`)),
  }));
  return { epoch, after, revisions };
};

describe("the recent changes", () => {
  it("are what follows a revision, up to another", () => {
    const recent = createRecentChanges({ epoch, revision: 10 });
    recent.append(runOf(10, [1, 1, 1]));
    recent.append(runOf(13, [1]));
    expect([recent.base(), recent.newest()]).toEqual([10, 14]);
    expect(recent.between(10, 14).map(({ revision }) => revision)).toEqual([11, 12, 13, 14]);
    expect(recent.between(11, 13).map(({ revision }) => revision)).toEqual([12, 13]);
    expect(recent.between(14, 14)).toEqual([]);
  });

  it("are given up past their number, the oldest first, but none that is still needed", () => {
    const recent = createRecentChanges({ epoch, revision: 0 }, 3);
    recent.append(runOf(0, [1, 1, 1, 1, 1]));
    recent.trim(1);
    expect(recent.base()).toBe(1);
    recent.trim(5);
    expect(recent.base()).toBe(2);
    expect(recent.between(2, 5)).toHaveLength(3);
  });

  it("are given up too where they are large", () => {
    const recent = createRecentChanges({ epoch, revision: 0 }, 3);
    recent.append(runOf(0, [40, 1]));
    recent.trim(2);
    expect(recent.base()).toBe(1);
  });

  it("know only the kind that streams are about", () => {
    const recent = createRecentChanges({ epoch, revision: 0 });
    const [revision] = runOf(0, [0]).revisions;
    const entries = [entryOf(1, "a", "flag"), entryOf(1, "b")];
    recent.append({ epoch, after: 0, revisions: [{ ...revision!, entries }] });
    const [told] = recent.between(0, 1);
    expect(told?.byScope.get(scopeId("", ""))?.map(({ key }) => key)).toEqual(["b"]);
  });

  it("begin anew where memory does", () => {
    const recent = createRecentChanges({ epoch, revision: 0 });
    recent.append(runOf(0, [1, 1]));
    recent.reset({ epoch, revision: 7 });
    expect([recent.base(), recent.newest()]).toEqual([7, 7]);
  });
});
