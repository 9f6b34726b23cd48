import { describeScope } from "../../platform/names.ts";
import { changeEvent, disabledEvent, jobSpecEvent, testEvent } from "../event-types.ts";
import type { EventData, MessageInput, ToldChange } from "./message.ts";
import { plainText } from "./plain-text.ts";

/** An event in words for people. */
interface Description {
  /** In our words alone. */
  readonly title: string;
  /** Plain text with words from outside; each format escapes them in its way. */
  readonly lines: readonly string[];
}

const maxLines = 20;
const maxLineCharacters = 240;
const maxValueCharacters = 80;

const titles: Readonly<Record<string, string>> = {
  [jobSpecEvent]: "A job spec has changed",
  [disabledEvent]: "A webhook was disabled",
  [testEvent]: "A test event of Fairlead",
};

/** What people are shown of an event: a title and at most 20 short lines. */
export const describeEvent = ({ event, payload }: MessageInput): Description => {
  const { data, type } = event;
  const found =
    data.changes === undefined ? memberLines(data) : changeLines(data, payload === "full");
  const lines = found.map((line) => plainText(line, maxLineCharacters)).filter(Boolean);
  const shown = lines.length > maxLines ? lines.slice(0, maxLines - 1) : lines;
  const rest = lines.length - shown.length;
  return {
    title: type === changeEvent ? changeTitle(data) : (titles[type] ?? "An event of Fairlead"),
    lines: [...shown, ...(rest === 0 ? [] : [`and ${rest} more`])],
  };
};

const changeTitle = ({ changes = [], revision }: EventData): string => {
  const count = changes.length === 1 ? "1 change" : `${changes.length} changes`;
  return typeof revision === "number" ? `Revision ${revision}: ${count}` : count;
};

const changeLines = ({ changes = [], message }: EventData, withValues: boolean): string[] => [
  ...(typeof message === "string" && message !== "" ? [message] : []),
  ...changes.map((change) => describeChange(change, withValues)),
];

const describeChange = (change: ToldChange, withValues: boolean): string => {
  const { app, environment, key, kind, op, version } = change;
  const what = `${op} ${kind} ${key} in ${describeScope(app ?? "", environment ?? "")}, version ${version}`;
  if (!withValues || (change.before === undefined && change.after === undefined)) return what;
  return `${what}: ${describeValue(change.before)} → ${describeValue(change.after)}`;
};

const describeValue = (value: unknown): string =>
  value === undefined || value === null
    ? "nothing"
    : plainText(JSON.stringify(value), maxValueCharacters);

const memberLines = (data: EventData): string[] =>
  Object.entries(data).flatMap(([name, value]) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? [`${name}: ${value}`]
      : [],
  );
