import { describe, expect, it } from "vitest";
import { permissionsOf } from "../../test/helpers/test-context.ts";
import { outboxRow } from "../outbox/outbox-row.ts";
import type { Grant } from "../permissions/grant.ts";
import { changeEvent, maxEventBytes } from "./change-event.ts";
import { toStreamRevision } from "./recent-changes.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { blockOf } from "./stream-piece.ts";

const epoch = "0123456789abcdef";
const committedAt = "2026-01-31T12:00:00.123456Z";

interface Entry {
  readonly app?: string;
  readonly environment?: string;
  readonly key: string;
  readonly kind?: string;
  readonly deleted?: boolean;
}

const revisionOf = (...entries: readonly Entry[]) =>
  toStreamRevision(
    7,
    committedAt,
    entries.map((entry) => ({
      kind: "config",
      app: "",
      environment: "",
      version: 3,
      deleted: false,
      ...entry,
    })),
  );

const audienceOf = (filter: Partial<StreamFilter> = {}, grants?: readonly Grant[]) => {
  const whole = { app: "", environment: "", prefix: "", values: false, ...filter };
  const permissions = permissionsOf(grants ?? [{ role: "admin", effect: "allow" }]);
  const keys = permissions.keys("entries.read", "config", whole.app, whole.environment);
  return { filter: whole, keys };
};

interface Told {
  readonly data: {
    readonly changes: readonly { readonly key: string; readonly value?: unknown }[];
  };
}

const keysTold = (
  entries: readonly Entry[],
  filter: Partial<StreamFilter>,
  grants?: readonly Grant[],
): string[] => {
  const event = changeEvent(epoch, revisionOf(...entries), audienceOf(filter, grants), undefined);
  if (event?.data === undefined) return [];
  return (JSON.parse(event.data) as Told).data.changes.map(({ key }) => key);
};

describe("what somebody is told of a revision", () => {
  it("is the CloudEvent of the outbox, with the changes that are for them", () => {
    const entries = [
      { app: "pay", environment: "production", key: "db.size" },
      { app: "pay", key: "db.gone", deleted: true },
      { app: "other", environment: "production", key: "hidden" },
    ];
    const audience = audienceOf({ app: "pay", environment: "production" });
    const event = changeEvent(epoch, revisionOf(...entries), audience, undefined);
    const changes = [
      { op: "delete", kind: "config", app: "pay", environment: null, key: "db.gone", version: 3 },
      {
        op: "put",
        kind: "config",
        app: "pay",
        environment: "production",
        key: "db.size",
        version: 3,
      },
    ] as const;
    const row = outboxRow({ epoch, revision: 7, committedAt, message: "secret", changes });
    const [{ data, ...document }] = row.events as [(typeof row.events)[number]];
    const { message: _, ...told } = data;
    expect(event).toMatchObject({ id: `${epoch}-7`, event: "change" });
    expect(JSON.parse(event?.data ?? "")).toEqual({ ...document, data: told });
  });

  const everywhere = [
    { key: "global" },
    { environment: "production", key: "everybody's" },
    { app: "pay", key: "pay's" },
    { app: "pay", environment: "production", key: "here" },
    { environment: "staging", key: "other environment" },
    { app: "shop", key: "other app" },
    { app: "shop", environment: "production", key: "there" },
    { app: "pay", environment: "staging", key: "elsewhere" },
  ];

  it.each([
    [{}, ["global"]],
    [{ environment: "production" }, ["global", "everybody's"]],
    [{ app: "pay" }, ["global", "pay's"]],
    [{ app: "pay", environment: "production" }, ["global", "everybody's", "pay's", "here"]],
  ])("comes from the layers that apply to %o", (filter, expected) => {
    expect(keysTold(everywhere, filter)).toEqual(expected);
  });

  it("has the keys with the prefix, and only those", () => {
    const entries = ["db.a", "db", "dbx", "x.db.a"].map((key) => ({ key }));
    expect(keysTold(entries, { prefix: "db." })).toEqual(["db.a"]);
    expect(keysTold(entries, { prefix: "db" })).toEqual(["db.a", "db", "dbx"]);
  });

  it("has the keys that may be read at the position, and is nothing where there are none", () => {
    const entries = [{ key: "db.size" }, { key: "mail.host" }];
    const grants: Grant[] = [
      { role: "viewer", effect: "allow", app: "pay", environment: "production", keys: ["db.*"] },
    ];
    const filter = { app: "pay", environment: "production" };
    expect(keysTold(entries, filter, grants)).toEqual(["db.size"]);
    expect(keysTold([{ key: "mail.host" }], filter, grants)).toEqual([]);
    expect(keysTold(entries, {}, grants)).toEqual([]);
  });

  it("is nothing of other kinds", () => {
    expect(keysTold([{ key: "a", kind: "flag" }], {})).toEqual([]);
  });
});

/** A view of one value for all keys; undefined for a key that is gone. */
const viewOf = (value: unknown) =>
  ({ resolved: () => (value === undefined ? undefined : { value }) }) as never;

describe("the value of a change", () => {
  it.each([
    [20, 20],
    [null, null],
    [undefined, null],
  ])("is what the position resolves to now: %s", (value, told) => {
    const event = changeEvent(epoch, revisionOf({ key: "a" }), audienceOf(), viewOf(value));
    const { data } = JSON.parse(event?.data ?? "") as Told;
    expect(data.changes).toEqual([expect.objectContaining({ key: "a", value: told })]);
  });
});

describe("an event that is too large", () => {
  const sizeWith = (value: string): number => {
    const event = changeEvent(epoch, revisionOf({ key: "a" }), audienceOf(), viewOf(value));
    return Buffer.byteLength(blockOf(event!));
  };

  it("is one of 64 KiB and a byte, as the bytes of its block", () => {
    const frame = sizeWith("");
    // Each of these letters is two bytes.
    const room = maxEventBytes - frame;
    const longest = "ä".repeat(Math.floor(room / 2)) + "a".repeat(room % 2);
    expect(sizeWith(longest)).toBe(maxEventBytes);
    const over = changeEvent(epoch, revisionOf({ key: "a" }), audienceOf(), viewOf(`${longest}a`));
    expect(over).toEqual({
      id: `${epoch}-7`,
      event: "reset",
      data: JSON.stringify({ reason: "event-too-large" }),
    });
  });

  it("is one of many changes, but only for who would be told of them", () => {
    const many = Array.from({ length: 5_000 }, (_, index) => ({ key: `many.${index}` }));
    const revision = revisionOf(...many, { key: "one" });
    expect(changeEvent(epoch, revision, audienceOf(), undefined)?.event).toBe("reset");
    const few = changeEvent(epoch, revision, audienceOf({ prefix: "one" }), undefined);
    expect(few?.event).toBe("change");
  });
});
