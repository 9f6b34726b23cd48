import { expect, it, vi } from "vitest";
import type * as LayerDocument from "../../src/layers/cache/layer-document.ts";
import { simulate } from "./simulate.ts";

vi.mock("../../src/layers/cache/layer-document.ts", async (load) => ({
  ...(await load<typeof LayerDocument>()),
  parseDocument: (_name: unknown, text: string) => JSON.parse(text) as unknown,
}));

it("notices that nobody looks at the hash of what KV says", async () => {
  const bug = "a text of KV is believed";
  const { violation } = await simulate({ seed: 1, steps: 40_000, locations: 100, bug });
  expect(violation?.rule).toBe("an answer is one revision, whole");
}, 60_000);
