/** How KV answers: as it should, never, with a failure, or with what it was first told of a layer. */
export type Manner = "well" | "silent" | "failing" | "old";

/** What a test tells the Worker under test of its surroundings. */
export interface EdgeOrders {
  /** From now on; what is written is seen by readers so many seconds later. */
  setStore(manner: Manner, lagSeconds?: number): void;
  /** Moves the clock of KV, which moves no other way. */
  passSeconds(seconds: number): void;
  /** Whether the head authority answers those who read. */
  setAuthority(manner: "well" | "silent" | "failing"): void;
  /** Requests are answered by an isolate that knows nothing yet. */
  renewIsolate(): void;
  figures(): {
    /** How often KV was asked, and how often it had what it was asked for. */
    readonly asked: number;
    readonly found: number;
  };
}
