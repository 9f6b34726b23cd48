import type { Sql } from "../../platform/sql.ts";
import type { StreamEvent } from "../../streams/stream-piece.ts";
import { compareHeld, type Held, type JobSpecChange } from "./held.ts";
import { holderId, readHeld, readStandings } from "./read-held.ts";
import { jobSpecEvent, runtimeReset } from "./runtime-events.ts";
import type { RuntimeSubscriber } from "./runtime-subscriber.ts";

type Tell = (subscriber: RuntimeSubscriber, events: readonly StreamEvent[]) => void;

/** Runtimes that are asked for in one query. */
const batchSize = 200;

/** Past this, to read the list anew costs less. */
const maxChanges = 200;

/** Tells each what differs from what it was told; whoever is new is told to read. */
export const tellHeld = async (
  sql: Sql,
  subscribers: readonly RuntimeSubscriber[],
  tell: Tell,
): Promise<number> => {
  let told = 0;
  for (let start = 0; start < subscribers.length; start += batchSize) {
    told += await tellBatch(sql, subscribers.slice(start, start + batchSize), tell);
  }
  return told;
};

const tellBatch = async (
  sql: Sql,
  subscribers: readonly RuntimeSubscriber[],
  tell: Tell,
): Promise<number> => {
  const found = await readHeld(sql, holdersOf(subscribers));
  const looks = subscribers.map((subscriber) => {
    const held = visibleTo(subscriber, found.get(holderId(subscriber)) ?? new Map());
    return { subscriber, held, ...compareHeld(subscriber.told ?? new Map(), held) };
  });
  const goneIds = new Set(looks.flatMap(({ gone }) => gone.map(({ id }) => id)));
  const standings = await readStandings(sql, [...goneIds]);
  let told = 0;
  for (const { changes, gone, held, subscriber } of looks) {
    const lost = gone.map((spec): JobSpecChange => {
      const standing = standings.get(spec.id);
      return standing === undefined
        ? { change: "removed", spec }
        : { change: "taken", spec: { ...spec, ...standing } };
    });
    const events = eventsOf(subscriber, [...lost, ...changes]);
    subscriber.told = held;
    if (events.length > 0) tell(subscriber, events);
    told += events.length;
  }
  return told;
};

/** Several streams may be of one runtime. */
const holdersOf = (subscribers: readonly RuntimeSubscriber[]) => {
  const holders = new Map(
    subscribers.map((one) => [holderId(one), { runtime: one.runtime, keyId: one.keyId }]),
  );
  return [...holders.values()];
};

const visibleTo = ({ keys }: RuntimeSubscriber, held: Held): Held =>
  keys.permits === "all"
    ? held
    : new Map([...held].filter(([, { attestation }]) => keys.allows(attestation)));

const eventsOf = (
  subscriber: RuntimeSubscriber,
  changes: readonly JobSpecChange[],
): readonly StreamEvent[] => {
  const nextId = (): string => `${subscriber.streamId}-${(subscriber.events += 1)}`;
  if (subscriber.told === undefined) return [runtimeReset(nextId(), "opened")];
  if (changes.length > maxChanges) return [runtimeReset(nextId(), "many-changes")];
  return changes.map((change) => jobSpecEvent(nextId(), change));
};
