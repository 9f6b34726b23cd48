/** A server that the bench measures. */
export interface SystemUnderTest {
  readonly pid: number;
  readonly port: number;
  readonly version: string;
  /** The number of writes committed so far, as the server counts them; only differences mean something. */
  readonly revision: () => Promise<number>;
  /** By how much a reading of the revision raises it. */
  readonly revisionCost: number;
  readonly stop: () => Promise<void>;
}

export interface StartOptions {
  /** Where the server keeps its data and its log; every server's is on the same disk. */
  readonly directory: string;
  /** Cores to pin it to. */
  readonly cores?: string | undefined;
}
