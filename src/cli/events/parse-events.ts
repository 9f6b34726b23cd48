/** One event of a stream (text/event-stream). */
export interface ServerEvent {
  /** The last id that was sent, of this event or one before. */
  readonly id: string;
  /** Absent for a block that only moves the id on. */
  readonly event?: string;
  readonly data?: string;
  /** When to come back after the end, in milliseconds. */
  readonly retryMs?: number;
}

/**
 * Reads events as the HTML standard has them (section 9.2.6): fields in lines, ended by an empty one.
 * What is cut off at the end is no event.
 */
export const parseEvents = async function* (
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let pending = "";
  let id = "";
  let fields = new Map<string, string>();
  for await (const chunk of chunks) {
    pending += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line's end.
    const lines = pending.split(/\r\n|\n|\r(?!$)/);
    pending = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== "") {
        takeField(fields, line);
        continue;
      }
      id = fields.get("id") ?? id;
      if (fields.size > 0) yield toEvent(id, fields);
      fields = new Map();
    }
  }
};

const takeField = (fields: Map<string, string>, line: string): void => {
  const colon = line.indexOf(":");
  // A line that begins so is a comment.
  if (colon === 0) return;
  const name = colon === -1 ? line : line.slice(0, colon);
  const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
  const before = name === "data" ? fields.get(name) : undefined;
  fields.set(name, before === undefined ? value : `${before}\n${value}`);
};

const toEvent = (id: string, fields: ReadonlyMap<string, string>): ServerEvent => {
  const [data, event, retry] = ["data", "event", "retry"].map((name) => fields.get(name));
  return {
    id,
    ...(data === undefined ? {} : { data, event: event ?? "message" }),
    ...(retry === undefined || !/^\d{1,9}$/.test(retry) ? {} : { retryMs: Number(retry) }),
  };
};
