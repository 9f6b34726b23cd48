/** A server of streams: how to open one, and what makes it tell of something. */
export interface Teller {
  readonly id: string;
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly path: string;
  readonly apiKey?: string;
  /** Answers when that was acknowledged, in nanoseconds. */
  readonly trigger: () => Promise<bigint>;
}
