import type { Scope, StreamFilter } from "./history.ts";

/** What all clients of a history write and read: so little that they meet all the time. */
export const scopes: readonly Scope[] = [
  { app: "", environment: "" },
  { app: "", environment: "production" },
  { app: "shop", environment: "" },
  { app: "shop", environment: "production" },
  { app: "pay", environment: "staging" },
];

export const keys: readonly string[] = ["a.0", "a.1", "a.2", "a.3", "b.0", "b.1", "b.2", "b.3"];

export const positions: readonly Scope[] = [
  { app: "shop", environment: "production" },
  { app: "pay", environment: "staging" },
  { app: "", environment: "" },
];

export const filters: readonly StreamFilter[] = [
  { app: "shop", environment: "production", prefix: "", values: false },
  { app: "shop", environment: "production", prefix: "a.", values: true },
  { app: "pay", environment: "staging", prefix: "b.", values: false },
  { app: "shop", environment: "", prefix: "", values: true },
  { app: "", environment: "production", prefix: "b.", values: false },
  { app: "", environment: "", prefix: "", values: false },
];

/** MAX_STALENESS_MS of the processes. */
export const maxStalenessMs = 2_000;

export const adminKey = "the-key-of-the-administrator";

export const authorization = { authorization: `Bearer ${adminKey}` };

/** What the clients of one run have in common. */
export interface Clients {
  readonly urls: readonly string[];
  readonly isRunning: () => boolean;
  /** The newest revision that any of them was told; they tell one another. */
  newest: number;
  /** Versions as far as they know, by layer and key. */
  readonly versions: Map<string, number>;
}

export const queryOf = ({ app, environment }: Scope): string => {
  const query = new URLSearchParams();
  if (app !== "") query.set("app", app);
  if (environment !== "") query.set("environment", environment);
  return query.toString();
};
