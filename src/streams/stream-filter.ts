/** What of a deployment's changes a stream is about; `''` in a scope names nothing. */
export interface StreamFilter {
  readonly app: string;
  readonly environment: string;
  /** Only keys that begin so. */
  readonly prefix: string;
  /** Whether events carry effective values. */
  readonly values: boolean;
}
