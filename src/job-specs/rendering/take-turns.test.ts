import { expect, it } from "vitest";
import { takeTurns } from "./take-turns.ts";

it("who has been busy for long lets everything that was due before have its turn", async () => {
  const rested = takeTurns();
  const startedAtMs = performance.now();
  while (performance.now() - startedAtMs < 20);
  let hadItsTurn = false;
  setTimeout(() => {
    hadItsTurn = true;
  });
  await rested();
  expect(hadItsTurn).toBe(true);
});
