import type { Audience } from "./change-event.ts";
import type { Subscriber } from "./subscriber.ts";

/** Clients that are told the same: what is made for one is sent to all. */
export interface StreamGroup extends Audience {
  readonly id: string;
  readonly members: Set<Subscriber>;
}

export interface StreamGroups {
  all(): Iterable<StreamGroup>;
  join(subscriber: Subscriber): void;
  leave(subscriber: Subscriber): void;
}

export const createStreamGroups = (): StreamGroups => {
  const groups = new Map<string, StreamGroup>();
  return {
    all: () => groups.values(),
    join(subscriber) {
      const { filter, keys } = subscriber;
      const { app, environment, prefix, values } = filter;
      const id = JSON.stringify([app, environment, prefix, values, keys.fingerprint]);
      const group = groups.get(id) ?? { id, filter, keys, members: new Set() };
      groups.set(id, group);
      group.members.add(subscriber);
      subscriber.group = group;
    },
    leave(subscriber) {
      const { group } = subscriber;
      if (group === undefined) return;
      subscriber.group = undefined;
      group.members.delete(subscriber);
      if (group.members.size === 0) groups.delete(group.id);
    },
  };
};
