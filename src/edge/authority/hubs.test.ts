import { expect, it } from "vitest";
import { openAuthoritySql } from "../../../test/helpers/edge/open-authority-sql.ts";
import { createAuthority } from "./create-authority.ts";

it("a hub that cannot be woken is forgotten after some times in a row, and the others hear all", async () => {
  const heard: string[] = [];
  let isAway = true;
  const authority = createAuthority({
    sql: openAuthoritySql(),
    store: undefined,
    async wake(hub) {
      if (hub === "away" || (hub === "unsteady" && isAway)) throw new Error("away");
      heard.push(hub);
    },
  });
  for (const hub of ["away", "unsteady", "steady"]) authority.joinHub(hub);
  for (let round = 1; round <= 4; round += 1) {
    expect(await authority.wakeOnce()).toEqual({ woken: 1, failed: 2 });
  }
  isAway = false;
  expect(await authority.wakeOnce()).toEqual({ woken: 2, failed: 1 });
  isAway = true;
  // What counts are failures in a row.
  for (let round = 1; round <= 4; round += 1) {
    expect(await authority.wakeOnce()).toEqual({ woken: 1, failed: 1 });
  }
  isAway = false;
  authority.joinHub("away");
  expect(await authority.wakeOnce()).toEqual({ woken: 2, failed: 1 });
  expect(heard.filter((hub) => hub === "steady")).toHaveLength(10);
});
