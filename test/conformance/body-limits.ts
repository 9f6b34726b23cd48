import { describe, expect, it } from "vitest";
import { limitOf } from "./settings.ts";
import type { Area } from "./suite.ts";
import { commit, expectNeverWritten, put, unique } from "./vocabulary.ts";

const megabyte = 1024 * 1024;

const putting = (key: string): string =>
  JSON.stringify({ operations: [put({ app: "shop", key, value: 1 })] });

/** Bytes of white space that come in chunks, so that no length is announced. */
const blanks = (sizeBytes: number, chunkBytes: number): ReadableStream<Uint8Array> => {
  let left = sizeBytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, chunkBytes)).fill(0x20));
      left -= chunkBytes;
    },
  });
};

/** What refuses a body before it has all of it may lose the connection to a proxy that is still sending. */
const answered = async <Answer>(send: () => Promise<Answer>): Promise<Answer> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof TypeError) || attempt === 5) throw error;
    }
  }
};

export const bodyLimits: Area = (api) => {
  const limitBytes = limitOf("MAX_BODY_BYTES");
  const post = (body: string | ReadableStream<Uint8Array>) =>
    api.sendText("POST", "/v1/changes", "application/json", body);

  describe("a body", () => {
    it("may have as many bytes as the limit says, and not one more", async () => {
      const [full, over] = [unique("full"), unique("over")];
      expect(await post(putting(full).padEnd(limitBytes))).toHaveStatus(201);
      const reply = await post(putting(over).padEnd(limitBytes + 1));
      expect(reply).toBeProblem("TOO_LARGE", { detail: String(limitBytes) });
      await expectNeverWritten(api, { app: "shop", key: over });
    });

    it("may come in chunks, up to the same limit", async () => {
      const key = unique("chunked");
      const chunks = new Blob([putting(key).padEnd(limitBytes)]).stream();
      const made = await post(chunks);
      expect(made).toHaveStatus(201);
      const reply = await post(blanks(limitBytes + 1, 50_000));
      expect(reply).toBeProblem("TOO_LARGE", { detail: String(limitBytes) });
    });

    it("that is too large costs nobody else anything", async () => {
      await Promise.all([
        ...Array.from({ length: 4 }, async () =>
          expect(await answered(() => post(" ".repeat(limitBytes + 1)))).toBeProblem("TOO_LARGE"),
        ),
        commit(api, [put({ app: unique("shop"), key: "a", value: 1 })]),
      ]);
      expect(await api.get("/readyz")).toHaveStatus(200);
    });
  });
};

/** A body of 100 MB that is never announced. A proxy in front of a runtime may end it otherwise. */
export const hugeBodies: Area = (api) => {
  describe("a body of 100 MB", () => {
    it.each([1, 2, 3])("in chunks is answered while it is being sent (%i)", async () => {
      const startedMs = performance.now();
      const reply = await api.sendText(
        "POST",
        "/v1/changes",
        "application/json",
        blanks(100 * megabyte, megabyte),
      );
      expect(reply).toBeProblem("TOO_LARGE");
      expect(performance.now() - startedMs).toBeLessThan(2_000);
      expect(await api.get("/readyz")).toHaveStatus(200);
    });
  });
};
