import { eventually } from "../../conformance/access-vocabulary.ts";
import { commit, type Operation, put, unique } from "../../conformance/vocabulary.ts";
import type { Api, Reply } from "../http-api.ts";

/** Where a pair of entries is read: each is of another layer. */
export interface PairPlace {
  readonly app: string;
  readonly environment: "production";
}

interface PairBody {
  readonly values: { readonly one: unknown; readonly other: unknown };
}

/** Both become the same value in one revision. */
export const putPair = ({ app, environment }: PairPlace, value: unknown): readonly Operation[] => [
  put({ app, key: "one", value }),
  put({ app, environment, key: "other", value }),
];

export const readPair = (api: Api, { app, environment }: PairPlace): Promise<Reply<PairBody>> =>
  api.get<PairBody>(`/v1/config?app=${app}&environment=${environment}`);

export const shows =
  (value: unknown) =>
  ({ body, status }: Reply<PairBody>): boolean =>
    status === 200 && body.values.one === value;

const patienceMs = 40_000;

/** A place with a pair of ones in it, which the edge shows and its authority has. */
export const publishPair = async (edge: Api, origin: Api): Promise<PairPlace> => {
  const place = { app: unique("pair"), environment: "production" } as const;
  await commit(origin, putPair(place, 1));
  await eventually(() => readPair(edge, place), shows(1), patienceMs);
  const edges = () => origin.get<{ items: { lagRevisions: number | null }[] }>("/v1/edges");
  await eventually(edges, ({ body }) => body.items[0]?.lagRevisions === 0, patienceMs);
  return place;
};

/** A client that reads a pair all the while, and notes whatever it must not be shown. */
export interface PairReader {
  /** Waits until it was shown a value, and answers with how. */
  until(isReached: (reply: Reply<PairBody>) => boolean): Promise<Reply<PairBody>>;
  /** Answers everything that was wrong: refused, torn or older than before. */
  stop(): Promise<readonly string[]>;
}

export const startPairReader = (api: Api, place: PairPlace): PairReader => {
  const wrong: string[] = [];
  const waiting = new Set<(reply: Reply<PairBody>) => void>();
  let isOver = false;
  let revision = 0;

  const look = async (): Promise<void> => {
    const reply = await readPair(api, place);
    const { body, headers, status } = reply;
    const now = Number(headers.get("config-revision"));
    if (status !== 200) wrong.push(`${status}: ${reply.text}`);
    else if (body.values.one !== body.values.other) wrong.push(`torn: ${reply.text}`);
    else if (now < revision) wrong.push(`${now} after ${revision}`);
    revision = Math.max(revision, now);
    if (status === 200) for (const tell of waiting) tell(reply);
  };
  const reading = (async () => {
    while (!isOver) await look().catch((error: unknown) => void wrong.push(String(error)));
  })();

  return {
    async until(isReached) {
      const { promise, resolve } = Promise.withResolvers<Reply<PairBody>>();
      const tell = (reply: Reply<PairBody>): void => {
        if (isReached(reply)) resolve(reply);
      };
      waiting.add(tell);
      const reply = await promise;
      waiting.delete(tell);
      return reply;
    },
    async stop() {
      isOver = true;
      await reading;
      return wrong;
    },
  };
};
