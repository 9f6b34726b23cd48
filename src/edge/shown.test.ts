import { describe, expect, it } from "vitest";
import { createLayerMemory } from "../layers/memory/layer-memory.ts";
import { createShown } from "./shown.ts";

const [first, second] = ["0123456789abcdef", "fedcba9876543210"];

const start = () => {
  const memory = createLayerMemory(1_000);
  let nowMs = 0;
  const shown = createShown({ layers: { memory } }, () => nowMs);
  const note = (
    revision: number | undefined,
    { epoch, method = "GET", path = "/v1/config", status = 200 }: Noted = {},
  ): void => {
    const headers = new Headers();
    if (revision !== undefined) headers.set("config-revision", String(revision));
    if (epoch !== undefined) headers.set("etag", `"${epoch}.entry.1"`);
    const request = new Request(`https://edge.example.com${path}`, { method });
    shown.note(request, new Response(null, { status, headers }));
  };
  return { memory, note, shown, pass: (ms: number) => void (nowMs += ms) };
};

interface Noted {
  readonly epoch?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
}

describe("what the origin has shown", () => {
  it("is not taken back: the isolate answers once it has come as far", () => {
    const { memory, note, shown } = start();
    memory.reset({ epoch: first, revision: 5 });
    expect(shown.isReached()).toBe(true);
    note(7);
    note(6);
    note(undefined);
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: first, revision: 6 });
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: first, revision: 7 });
    expect(shown.isReached()).toBe(true);
  });

  it("counts also where nothing was known here at that time", () => {
    const { memory, note, shown } = start();
    note(7);
    note(8, { epoch: first });
    memory.reset({ epoch: first, revision: 7 });
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: first, revision: 8 });
    expect(shown.isReached()).toBe(true);
  });

  it("may be of a history that has not arrived here, under any revision", () => {
    const { memory, note, shown } = start();
    memory.reset({ epoch: first, revision: 100 });
    note(3, { epoch: second });
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: first, revision: 101 });
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: second, revision: 2 });
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: second, revision: 3 });
    expect(shown.isReached()).toBe(true);
  });

  it("may be of a newer history than the first one that arrives here", () => {
    const { memory, note, shown } = start();
    note(3, { epoch: second });
    memory.reset({ epoch: first, revision: 100 });
    expect(shown.isReached()).toBe(false);
    memory.reset({ epoch: second, revision: 3 });
    expect(shown.isReached()).toBe(true);
  });

  it("says nothing of a history that has come since", () => {
    const { memory, note, shown } = start();
    memory.reset({ epoch: first, revision: 100 });
    note(200);
    memory.reset({ epoch: second, revision: 1 });
    expect(shown.isReached()).toBe(true);
  });
});

describe("who may do what", () => {
  it("is the origin's to say for a moment after it was changed through this isolate", () => {
    const { memory, note, pass, shown } = start();
    memory.reset({ epoch: first, revision: 1 });
    note(undefined, { path: "/v1/api-keys" });
    note(undefined, { method: "DELETE", path: "/v1/api-keys/k", status: 404 });
    note(undefined, { method: "POST", path: "/v1/changes" });
    expect(shown.isReached()).toBe(true);
    note(undefined, { method: "DELETE", path: "/v1/api-keys/k", status: 204 });
    expect(shown.isReached()).toBe(false);
    pass(1_999);
    expect(shown.isReached()).toBe(false);
    pass(1);
    expect(shown.isReached()).toBe(true);
    note(undefined, { method: "PUT", path: "/v1/roles/r" });
    expect(shown.isReached()).toBe(false);
  });
});
