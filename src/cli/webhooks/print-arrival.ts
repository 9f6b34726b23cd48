import { z } from "zod";
import { printLine } from "../print.ts";
import { printableJson } from "../printable.ts";
import { scopeName } from "../scope.ts";
import type { Session } from "../session.ts";

/** What is told of a delivery that has arrived. */
export interface ToldArrival {
  /** The `webhook-id`: of the delivery, the same on every attempt. */
  readonly id: string | null;
  readonly receivedAt: string;
  /** Null where no secret is known. */
  readonly verified: boolean | null;
  /** Why it is not verified. */
  readonly reason: string | null;
  /** Whether one of this id came before. */
  readonly repeated: boolean;
  readonly answered: number;
  readonly body: string;
}

const changeShape = z.looseObject({
  op: z.string(),
  kind: z.string(),
  app: z.string().nullish(),
  environment: z.string().nullish(),
  key: z.string(),
  version: z.number(),
});

const eventShape = z.looseObject({
  type: z.string(),
  data: z.looseObject({
    revision: z.number().nullish(),
    changes: z.array(changeShape).nullish(),
  }),
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const verdictOf = ({ reason, verified }: ToldArrival): string => {
  if (verified === null) return "not checked";
  return verified ? "verified" : `NOT VERIFIED: ${reason ?? ""}`;
};

const changeLine = (change: z.infer<typeof changeShape>): string => {
  const { key, kind, op, version } = change;
  const line = `  ${[op, kind, scopeName(change), key].join("  ")}  v${version}`;
  if (!("after" in change)) return line;
  return `${line}  ${printableJson(change["before"])} → ${printableJson(change["after"])}`;
};

/** Prints what has arrived, for people or, as a line of JSON, for programs. */
export const printArrival = (session: Session, told: ToldArrival): void => {
  const body = parsed(told.body);
  if (session.json) {
    const line = { event: "delivery", ...told, body };
    session.io.stdout.write(`${printableJson(line)}\n`);
    return;
  }
  const { data: event } = eventShape.safeParse(body);
  const revision = event?.data.revision;
  const words = [
    told.receivedAt,
    event?.type ?? "message",
    ...(revision == null ? [] : [`revision ${revision}`]),
    told.id ?? "without an id",
    ...(told.repeated ? ["again"] : []),
    verdictOf(told),
    `answered ${told.answered}`,
  ];
  printLine(session, words.join("  "));
  const lines = event?.data.changes?.map(changeLine) ?? [`  ${printableJson(event?.data ?? body)}`];
  for (const line of lines) printLine(session, line);
};
