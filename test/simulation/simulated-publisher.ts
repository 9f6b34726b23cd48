import type { OperationAnswers, SimpleOperation } from "../../src/edge/operations.ts";
import { createAccessPublisher } from "../../src/edge/publish-access.ts";
import type { RemoteAuthority } from "../../src/edge/remote-authority.ts";
import { createRemoteCache } from "../../src/edge/remote-cache.ts";
import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";
import { publishLayers } from "../../src/layers/cache/publish-layers.ts";
import type { Random } from "../helpers/history/random.ts";
import type { Link } from "./network.ts";
import type { Origin } from "./origin.ts";
import { originSql } from "./origin-sql.ts";
import type { SimulatedAuthority } from "./simulated-authority.ts";
import type { SimulatedTime } from "./simulated-time.ts";

export interface PublisherParts {
  readonly authority: SimulatedAuthority;
  readonly origin: Origin;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly toAuthority: Link;
  readonly toOrigin: Link;
  readonly isCalm: () => boolean;
  readonly wrap: (cache: LayerCache) => LayerCache;
}

export interface PublisherFigures {
  rounds: number;
  failures: number;
  stalls: number;
  deaths: number;
}

export const kinds = ["config", "flag"] as const;

const stallRate = 0.002;
const deathRate = 0.0005;
const longestStallMs = 100_000;
const betweenRoundsMs = 500;
/** With what clocks may differ by. */
const tokenLifeMs = 90_000;
/** As a real one does, which signs each request and waits a little in between. */
const attempts = 3;

/** A process that publishes round after round; it may stall anywhere, or die and be started again. */
export const runPublisher = (parts: PublisherParts): PublisherFigures => {
  const { origin, random, time, toOrigin } = parts;
  const figures: PublisherFigures = { rounds: 0, failures: 0, stalls: 0, deaths: 0 };
  let life = 0;
  const live = (): void => {
    life += 1;
    const me = life;
    const sql = originSql(origin, toOrigin);
    const seen = new Set<string>();
    const remote = remoteOf(parts, figures, () => me === life, live);
    const cache = parts.wrap(createRemoteCache(remote));
    const access = createAccessPublisher({ remote });
    const confirm = async (): Promise<void> => {
      await access.publishOnce(sql).catch(() => {});
      if (me === life) time.after(betweenRoundsMs * (0.5 + random.next()), () => void confirm());
    };
    const round = async (): Promise<void> => {
      figures.rounds += 1;
      const { epoch } = origin.current();
      const isAnew = !seen.has(epoch);
      const signal = new AbortController().signal;
      await publishLayers({ cache, sql, kinds, isAnew, signal }).then(
        () => void seen.add(epoch),
        () => {
          figures.failures += 1;
        },
      );
      if (me !== life) return;
      time.after(betweenRoundsMs * (0.5 + random.next()), () => void round());
    };
    void round();
    void confirm();
  };
  time.after(100 * random.next(), live);
  return figures;
};

/** An edge's head authority as a publisher reaches it, who may stall before any request. */
const remoteOf = (
  { authority, isCalm, random, time, toAuthority }: PublisherParts,
  figures: PublisherFigures,
  isAlive: () => boolean,
  die: () => void,
): RemoteAuthority => {
  const pause = (ms: number): Promise<void> => new Promise((resume) => time.after(ms, resume));
  const send = async (operation: SimpleOperation): Promise<unknown> => {
    if (!isCalm() && isAlive() && random.chance(deathRate)) {
      figures.deaths += 1;
      die();
    }
    // What died sends nothing more, and nobody waits for it.
    if (!isAlive()) return new Promise(() => {});
    if (!isCalm() && random.chance(stallRate)) {
      figures.stalls += 1;
      await pause(longestStallMs * random.next());
    }
    const body = JSON.stringify(operation);
    for (let attempt = 1; ; attempt += 1) {
      const token = { id: `token ${random.next()}`, untilMs: time.nowMs() + tokenLifeMs };
      try {
        const text = await toAuthority.call(authority, () =>
          JSON.stringify(authority.perform(body, token)),
        );
        return JSON.parse(text) as unknown;
      } catch (error) {
        if (attempt === attempts) throw error;
      }
    }
  };
  return {
    host: "edge.example.com",
    send: async <Operation extends SimpleOperation>(operation: Operation) =>
      (await send(operation)) as OperationAnswers[Operation["op"]],
  };
};
