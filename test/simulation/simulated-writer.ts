import type { Random } from "../helpers/history/random.ts";
import type { EntryChange, Origin } from "./origin.ts";
import type { SimulatedAuthority } from "./simulated-authority.ts";
import { kinds } from "./simulated-publisher.ts";
import type { SimulatedTime } from "./simulated-time.ts";

export interface WriterFigures {
  commits: number;
  restores: number;
}

export const environments = ["production", "staging", "test"];
export const firstApps = ["billing", "checkout", "console", "search", "shipping", "users"];

interface WriterParts {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly origin: Origin;
  readonly authority: SimulatedAuthority;
  readonly isCalm: () => boolean;
  readonly figures: WriterFigures;
}

const commitOnce = ({ figures, origin, random }: WriterParts): void => {
  origin.commit(someChanges(random, origin));
  figures.commits += 1;
};

export const commitFirst = (parts: WriterParts): void => {
  for (let count = 0; count < 60; count += 1) commitOnce(parts);
};

/** Commits changes, and now and then does what an operator may: a new app, a restore, a refill. */
export const runWriter = (parts: WriterParts): void => {
  const { authority, figures, isCalm, origin, random, time } = parts;
  const commit = (): void => commitOnce(parts);
  const repeat = (meanMs: number, run: () => void): void => {
    time.after(-meanMs * Math.log(1 - random.next()), () => {
      if (isCalm()) return;
      run();
      repeat(meanMs, run);
    });
  };
  repeat(1_500, commit);
  repeat(30_000, () => {
    for (let count = 0; count < 20; count += 1) commit();
  });
  repeat(120_000, () => origin.current().addApp(`app-${figures.commits}`));
  repeat(60_000, () => authority.kill(random.chance(0.5) ? 0 : 20_000 * random.next()));
  repeat(150_000, () => refill(authority, time));
  repeat(200_000, () => {
    const { revision } = origin.current().newest();
    origin.restore(Math.max(1, revision - random.below(30)));
    figures.restores += 1;
  });
};

const refill = (authority: SimulatedAuthority, time: SimulatedTime): void => {
  const permit = { id: `refill ${time.nowMs()}`, untilMs: time.nowMs() + 1_000 };
  authority.perform(JSON.stringify({ op: "reset" }), permit);
};

const someChanges = (random: Random, origin: Origin): EntryChange[] => {
  const changes = new Map<string, EntryChange>();
  const count = random.chance(0.9) ? 1 + random.below(4) : 1 + random.below(30);
  for (let index = 0; index < count; index += 1) {
    const change = {
      layer: {
        kind: random.pick(kinds),
        app: random.chance(0.3) ? "" : random.pick(origin.current().apps()),
        environment: random.chance(0.3) ? "" : random.pick(environments),
      },
      key: `key.${random.below(12)}`,
      length: random.chance(0.1) ? undefined : 40 + random.below(900),
    };
    changes.set(JSON.stringify([change.layer, change.key]), change);
  }
  return [...changes.values()];
};
