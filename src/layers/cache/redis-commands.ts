/** The commands of Redis that the cache needs, whatever carries them. Values are text. */
export interface RedisCommands {
  hashGet(key: string, fields: readonly string[]): Promise<readonly (string | null)[]>;
  hashSet(key: string, fields: Readonly<Record<string, string>>): Promise<void>;
  hashKeys(key: string): Promise<readonly string[]>;
  hashDelete(key: string, fields: readonly string[]): Promise<void>;
  expire(key: string, seconds: number): Promise<void>;
  evaluate(
    script: string,
    keys: readonly string[],
    parameters: readonly string[],
  ): Promise<unknown>;
  /** Some of the keys with a prefix, and where to go on; "0" is the beginning and the end. */
  scan(
    cursor: string,
    prefix: string,
  ): Promise<{ readonly cursor: string; readonly keys: readonly string[] }>;
  unlink(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
  /** Most characters that one request should carry, or one answer. */
  readonly requestLength: number;
}
