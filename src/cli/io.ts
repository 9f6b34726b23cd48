/** What the command line needs of the world around it; tests bring their own. */
export interface Io {
  readonly stdout: {
    write(text: string): unknown;
    /** Tells when a full buffer, for which `write` answered false, is empty again. */
    once?(event: "drain", resume: () => void): unknown;
  };
  readonly stderr: { write(text: string): unknown };
  /** Without it the command line is never interactive. */
  readonly stdin?: AsyncIterable<Uint8Array | string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly fetch?: typeof fetch;
  /** Whether standard output is a terminal; it decides on truncation, quoting and colour. */
  readonly isTerminal: boolean;
  /** Whether standard input is a terminal, so that a question can be asked there. Default: no. */
  readonly stdinIsTerminal?: boolean;
  /** Turns off what the terminal does with typed characters, its echo among it. */
  readonly setRawMode?: (raw: boolean) => void;
  /** Whether standard error is a terminal, so that progress may be drawn there. Default: no. */
  readonly stderrIsTerminal?: boolean;
  /** Width of the terminal in cells. */
  readonly columns: number;
  /** How a retry waits; tests make it instant. */
  readonly wait?: (delayMs: number) => Promise<void>;
  /** Has a listener called when the process is to stop, instead of ending it; the answer undoes it. */
  readonly onStop?: (listener: () => void) => () => void;
  /** Milliseconds since 1970; default: the clock of this machine. */
  readonly now?: () => number;
}

/** Where a command answers, and whether to a program. */
export interface Output {
  readonly io: Io;
  readonly json: boolean;
}
