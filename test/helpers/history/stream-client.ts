import { type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamChange, StreamFilter, StreamRecord, StreamStep } from "./history.ts";
import type { Random } from "./random.ts";
import { authorization, type Clients, queryOf } from "./shared.ts";

/** A client that follows a stream, and comes back wherever its connection ends. */
export interface StreamClient extends StreamRecord {
  /** Up to where it has been told. */
  at(): number;
  /** Breaks its connection off. */
  cut(): void;
  stop(): Promise<void>;
}

/** How long a client stays and stays away where nothing happens to it, between these. */
const stayMs = [200, 3_000] as const;
const awayMs = [10, 200] as const;

export const startStream = (
  clients: Clients,
  random: Random,
  filter: StreamFilter,
): StreamClient => {
  const steps: StreamStep[] = [];
  let current: { destroy(): void } | undefined;
  let isRunning = true;
  const { prefix, values } = filter;
  const more = `${prefix && `&prefix=${prefix}`}${values ? "&values=true" : ""}`;
  const path = `/v1/stream?${`${queryOf(filter)}${more}`.replace(/^&/, "")}`;
  const follow = async (): Promise<void> => {
    while (isRunning) {
      const last = steps.at(-1);
      const { promise, resolve } = Promise.withResolvers<void>();
      const outgoing = request(random.pick(clients.urls) + path, {
        agent: false,
        headers: {
          ...authorization,
          ...(last ? { "last-event-id": `${last.epoch}-${last.revision}` } : {}),
        },
      });
      current = outgoing;
      outgoing.once("response", (response) => void take(response, steps).then(resolve));
      outgoing.once("error", () => resolve());
      outgoing.end();
      const leaving = setTimeout(() => outgoing.destroy(), random.between(...stayMs));
      await promise;
      clearTimeout(leaving);
      outgoing.destroy();
      await sleep(random.between(...awayMs));
    }
  };
  const done = follow();
  return {
    filter,
    steps,
    at: () => steps.at(-1)?.revision ?? -1,
    cut: () => current?.destroy(),
    async stop() {
      isRunning = false;
      current?.destroy();
      await done;
    },
  };
};

const take = async (response: IncomingMessage, steps: StreamStep[]): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let pending = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    if (response.statusCode !== 200) return;
    const parts = (pending + text).split("\n\n");
    pending = parts.pop() ?? "";
    for (const part of parts) steps.push(readBlock(part));
  });
  response.once("error", () => resolve());
  response.once("close", () => resolve());
  await promise;
};

const readBlock = (block: string): StreamStep => {
  const fields = new Map(
    block.split("\n").map((line): [string, string] => {
      const colon = line.indexOf(": ");
      return [line.slice(0, colon), line.slice(colon + 2)];
    }),
  );
  const [epoch = "", revision] = (fields.get("id") ?? "").split("-");
  const event = fields.get("event");
  const data =
    event === "change"
      ? (JSON.parse(fields.get("data") ?? "") as { data: { changes: RawChange[] } })
      : undefined;
  return {
    event,
    epoch,
    revision: Number(revision),
    changes: (data?.data.changes ?? []).map(toChange),
  };
};

type RawChange = Omit<StreamChange, "app" | "environment"> & {
  readonly app: string | null;
  readonly environment: string | null;
};

const toChange = ({ app, environment, ...change }: RawChange): StreamChange => ({
  ...change,
  app: app ?? "",
  environment: environment ?? "",
});
