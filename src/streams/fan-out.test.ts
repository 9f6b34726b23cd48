import { describe, expect, it } from "vitest";
import { permissionsOf } from "../../test/helpers/test-context.ts";
import { createLayerMemory } from "../layers/memory/layer-memory.ts";
import { createFanOut } from "./fan-out.ts";
import { createRecentChanges } from "./recent-changes.ts";
import { createStreamGroups } from "./stream-groups.ts";
import type { Subscriber } from "./subscriber.ts";

const epoch = "0123456789abcdef";
const filter = { app: "", environment: "", prefix: "", values: false };
const keys = permissionsOf([{ role: "admin", effect: "allow" }]).keys(
  "entries.read",
  "config",
  "",
  "",
);

/** A fan-out at revision 0, where each client notes the revisions that it is told. */
const start = () => {
  const memory = createLayerMemory(1_000_000);
  memory.reset({ epoch, revision: 0 });
  const recent = createRecentChanges(memory.point());
  const groups = createStreamGroups();
  const told = new Map<Subscriber, number[]>();
  const fanOut = createFanOut({
    memory,
    recent,
    groups,
    send: (subscriber, { messages }) => {
      const ids = messages.map((message) => (JSON.parse(message) as { id: string }).id);
      told.get(subscriber)?.push(...ids.map((id) => Number(id.split("-")[1])));
    },
    setBack: () => {},
  });
  const join = (): Subscriber => {
    const subscriber = { filter, keys, epoch, revision: fanOut.frontier() } as Subscriber;
    told.set(subscriber, []);
    groups.join(subscriber);
    return subscriber;
  };
  const joinGroup = (prefix: string): void => {
    const own = { ...filter, prefix };
    groups.join({ filter: own, keys, epoch, revision: fanOut.frontier() } as Subscriber);
  };
  const commit = (after: number, count: number, entries = 1): void => {
    const revisions = Array.from({ length: count }, (_, index) => ({
      revision: after + index + 1,
      committedAt: "2026-01-31T12:00:00.123456Z",
      message: "",
      entries: Array.from({ length: entries }, (__, entry) => ({
        kind: "config",
        app: "",
        environment: "",
        key: `key.${entry}`,
        version: 1,
        deleted: false,
      })),
    }));
    recent.append({ epoch, after, revisions: revisions as never });
  };
  const finish = (): void => {
    while (fanOut.step());
  };
  return { commit, fanOut, finish, join, joinGroup, told: (one: Subscriber) => told.get(one) };
};

describe("telling many clients", () => {
  it("gives others their turn in between", () => {
    const { commit, fanOut, join, told } = start();
    const clients = Array.from({ length: 1_500 }, join);
    commit(0, 1);
    expect(fanOut.step()).toBe(true);
    const informed = clients.filter((client) => told(client)?.length === 1).length;
    expect(informed).toBeGreaterThan(0);
    expect(informed).toBeLessThan(1_000);
  });

  it("tells nobody twice who joins in the middle of it, and nobody less", () => {
    const { commit, fanOut, finish, join, told } = start();
    const before = Array.from({ length: 1_500 }, join);
    commit(0, 3);
    fanOut.step();
    const inBetween = join();
    commit(3, 2);
    finish();
    const after = join();
    commit(5, 1);
    finish();
    for (const client of before) expect(told(client)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told(inBetween)).toEqual([4, 5, 6]);
    expect(told(after)).toEqual([6]);
  });

  it("knows in the middle of it who has been told what", () => {
    const { commit, fanOut, join, told } = start();
    const clients = Array.from({ length: 1_500 }, join);
    commit(0, 3);
    fanOut.step();
    for (const client of clients) {
      expect(fanOut.told(client)).toBe(told(client)?.at(-1) ?? 0);
    }
  });

  it("begins anew at another point, wherever it was", () => {
    const { commit, fanOut, finish, join, told } = start();
    const clients = Array.from({ length: 1_500 }, join);
    commit(0, 1);
    fanOut.step();
    fanOut.reset({ epoch, revision: 0 });
    finish();
    expect(clients.every((client) => (told(client)?.length ?? 0) <= 1)).toBe(true);
    expect(fanOut.frontier()).toBe(1);
  });
});

describe("telling many groups", () => {
  it("gives others their turn between groups too, the sooner the more has changed", () => {
    const { commit, fanOut, joinGroup } = start();
    for (let group = 0; group < 600; group += 1) joinGroup(`prefix.${group}`);
    const stepsFor = (after: number, entries: number): number => {
      commit(after, 1, entries);
      let steps = 1;
      while (fanOut.step()) steps += 1;
      return steps;
    };
    const [few, many] = [stepsFor(0, 1), stepsFor(1, 5_000)];
    expect(few).toBeGreaterThan(1);
    expect(many).toBeGreaterThan(10 * few);
  });
});
