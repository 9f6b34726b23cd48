import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, type Page, put, remove, unique } from "./vocabulary.ts";

/** A time some microseconds later, or the same where that would take a calendar. */
const micros = (time: string, change: number): string => {
  const [, seconds = "", fraction = "0"] = /^(.*:\d\d)(?:\.(\d+))?Z$/.exec(time) ?? [];
  const total = Number(fraction.padEnd(6, "0")) + change;
  return total < 0 ? time : `${seconds}.${String(total).padStart(6, "0")}Z`;
};

export const pastReads: Area = (api) => {
  /** An app whose one key was 1, then 2, then deleted. */
  const createPast = async () => {
    const app = unique("shop");
    const name = { app, environment: "production", key: "a" };
    const before = await currentRevision(api);
    const first = await commit(api, [
      put({ ...name, value: 1 }),
      put({ ...name, key: "b", value: 1 }),
    ]);
    const second = await commit(api, [put({ ...name, value: 2 })]);
    const third = await commit(api, [remove(name)]);
    return { app, before, first: first.revision, second: second.revision, third: third.revision };
  };

  const committedAt = async (revision: number): Promise<string> => {
    const { body } = await api.get<{ committedAt: string }>(`/v1/changes/${revision}`);
    return body.committedAt;
  };

  describe("a read of the past", () => {
    it("shows what a revision showed", async () => {
      const { app, before, first, second, third } = await createPast();
      const scope = `app=${app}&environment=production`;
      const values = async (at: number) => {
        const { body } = await api.get<{ values: Record<string, unknown> }>(
          `/v1/config?${scope}&at=${at}`,
        );
        return { a: body.values["a"], b: body.values["b"] };
      };
      expect(await values(before)).toEqual({ a: undefined, b: undefined });
      expect(await values(first)).toEqual({ a: 1, b: 1 });
      expect(await values(second)).toEqual({ a: 2, b: 1 });
      expect(await values(third)).toEqual({ a: undefined, b: 1 });
      expect(await values(0)).toEqual({ a: undefined, b: undefined });
      const one = await api.get(`/v1/config/a?${scope}&at=${first}`);
      expect(one.body).toMatchObject({ value: 1, version: 1, revision: first });
      expect(await api.get(`/v1/config/a?${scope}&at=${third}`)).toBeProblem("NOT_FOUND");
    });

    it("shows the weaker layers as they were, too", async () => {
      const [app, key] = [unique("shop"), unique("global")];
      const { revision } = await commit(api, [
        put({ key, value: { a: 1 } }),
        put({ app, key, value: { b: 1 }, merge: "deep" }),
      ]);
      await commit(api, [put({ key, value: { a: 2 } })]);
      const path = `/v1/config/${key}?app=${app}&explain=true`;
      const then = await api.get(`${path}&at=${revision}`);
      expect(then.body).toMatchObject({ value: { a: 1, b: 1 }, layers: [{ value: { a: 1 } }, {}] });
      expect((await api.get(path)).body).toMatchObject({ value: { a: 2, b: 1 } });
    });

    it("shows what a time showed, to the microsecond and in any offset", async () => {
      const { app, first, second } = await createPast();
      const read = async (at: string) => {
        const query = `app=${app}&environment=production&at=${encodeURIComponent(at)}`;
        return (await api.get<{ value?: unknown }>(`/v1/config/a?${query}`)).body.value;
      };
      const [one, two] = [await committedAt(first), await committedAt(second)];
      expect(await read(one)).toBe(1);
      expect(await read(two)).toBe(2);
      expect(await read(micros(two, -1))).toBe(micros(two, -1) === two ? 2 : 1);
      expect(await read(one.replace("Z", "+00:00"))).toBe(1);
      const hours = new Date(Date.parse(one) + 2 * 3_600_000).toISOString().slice(0, 19);
      expect(await read(`${hours}${one.slice(19).replace("Z", "+02:00")}`)).toBe(1);
      expect(await read("2001-01-01T00:00:00Z")).toBeUndefined();
    });

    it("of the future is the present for a time, and 404 for a revision", async () => {
      const { app } = await createPast();
      const current = await currentRevision(api);
      const scope = `app=${app}&environment=production`;
      const { body } = await api.get(`/v1/config?${scope}&at=2999-01-01T00:00:00Z`);
      expect(body).toMatchObject({ values: { b: 1 } });
      const beyond = await api.get(`/v1/config?${scope}&at=${current + 1_000}`);
      expect(beyond).toBeProblem("NOT_FOUND", { detail: String(current + 1_000) });
    });

    it("is refused for what is neither a revision nor a time", async () => {
      for (const at of [
        "yesterday",
        "-1",
        "1.5",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:01Z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T00:00:00+23:59",
        `2026-01-01T00:00:00.${"1".repeat(300)}Z`,
        "99999999999999999999",
      ]) {
        const reply = await api.get(`/v1/config?at=${encodeURIComponent(at)}`);
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["at"] });
      }
    });

    it("has the tag of what it shows", async () => {
      const { app, first, second } = await createPast();
      const path = `/v1/config/a?app=${app}&environment=production&at`;
      const then = await api.get(`${path}=${first}`);
      const same = await api.get(`${path}=${first}`, {
        "if-none-match": then.headers.get("etag") ?? "",
      });
      expect(same).toHaveStatus(304);
      const later = await api.get(`${path}=${second}`);
      expect(later.headers.get("etag")).not.toBe(then.headers.get("etag"));
    });
  });

  describe("a delete", () => {
    it("is no value, now or at its revision", async () => {
      const { app } = await createPast();
      const { body } = await api.get<Page<{ key: string }>>(
        `/v1/entries?app=${app}&environment=production`,
      );
      expect(body.items.map(({ key }) => key)).toEqual(["b"]);
      const reply = await api.get(`/v1/config/a?app=${app}&environment=production`);
      expect(reply).toBeProblem("NOT_FOUND", { detail: '"a"' });
    });
  });
};
