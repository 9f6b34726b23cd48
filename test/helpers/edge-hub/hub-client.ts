import { openEvents, openSocket, type StreamClient } from "../../streams/stream-client.ts";
import type { HubEdge } from "./start-hub-edge.ts";

interface ClientOptions {
  readonly over?: "events" | "socket";
  /** The id of the last event that the client has. */
  readonly after?: string | undefined;
  readonly query?: Readonly<Record<string, string>>;
}

/** Opens a stream about (shop, production), and waits for its first id. */
export const openClient = async (
  { url }: Pick<HubEdge, "url">,
  key: string,
  { after, over = "events", query = {} }: ClientOptions = {},
): Promise<StreamClient> => {
  const client = await (over === "events" ? openEvents : openSocket)({
    url,
    query: { app: "shop", environment: "production", ...query },
    headers: { "x-api-key": key, ...(after === undefined ? {} : { "last-event-id": after }) },
  });
  await client.until(({ endedWith, received }) => received.length > 0 || endedWith() !== undefined);
  return client;
};

/** The revisions of the changes that a client was told. */
export const revisionsOf = (...clients: readonly StreamClient[]): number[] =>
  clients.flatMap((client) =>
    client
      .events()
      .filter(({ event }) => event === "change")
      .map(({ id }) => Number(id.split("-")[1])),
  );

export const isTold =
  (revision: number) =>
  (client: StreamClient): boolean =>
    revisionsOf(client).includes(revision);

export const hasEnded = ({ endedWith }: StreamClient): boolean => endedWith() !== undefined;
