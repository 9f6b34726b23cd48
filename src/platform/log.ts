type Level = "debug" | "info" | "warn" | "error";

export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON object a line. Values of entries and keys of callers never go in. */
export type Logger = Record<Level, (message: string, fields?: LogFields) => void>;

const order: readonly Level[] = ["debug", "info", "warn", "error"];

/** `write` gets one line; by default it goes to the runtime's console. */
export const createLogger = (
  least: Level = "info",
  write: (line: string) => void = (line) => console.log(line),
): Logger => {
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (order.indexOf(level) < order.indexOf(least)) return;
      write(JSON.stringify({ time: new Date().toISOString(), level, message, ...fields }));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
};

/** An error as log fields: name, message, code and stack of it and of its causes. */
export const describeError = (error: unknown): LogFields => {
  if (!(error instanceof Error)) {
    const said = typeof error === "object" && error !== null && "message" in error;
    return { error: String(said ? error.message : error) };
  }
  return {
    error: error.message,
    name: error.name,
    ...("code" in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
};
