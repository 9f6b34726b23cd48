import type { Json, JsonObject } from "../json.ts";
import type { DocumentLimits } from "./document-limits.ts";
import { dottedPath, maxOffences, type Offence, refuseText } from "./offences.ts";

/** A finished value, with what it would cost to repeat it by an alias. */
export interface YamlNode {
  readonly value: Json;
  /** Values in it, itself among them. */
  readonly size: number;
  /** Length of its strings and member names. */
  readonly characters: number;
  /** Maps and lists inside one another; 0 for a scalar. */
  readonly height: number;
  /** A scalar's text, should it be used as a key. */
  readonly keyText?: string;
  /** Why the value cannot be kept, though its text makes a fine key. */
  readonly fault?: string | undefined;
}

/** `node` is absent while the value is still open: an alias to it then would be a cycle. */
export interface YamlAnchor {
  node?: YamlNode;
}

interface OpenCost {
  readonly anchor: YamlAnchor;
  size: number;
  characters: number;
  height: number;
}

interface DocumentFrame extends OpenCost {
  readonly kind: "document";
  readonly items: Json[];
}

interface ListFrame extends OpenCost {
  readonly kind: "sequence";
  readonly items: Json[];
}

export interface MapFrame extends OpenCost {
  readonly kind: "mapping";
  readonly members: Map<string, Json>;
  readonly namedAt: Map<string, number>;
  readonly merged: JsonObject[];
  /** The name whose value comes next; absent when a name does. */
  name?: string | undefined;
  isMerge: boolean;
}

export type YamlFrame = DocumentFrame | ListFrame | MapFrame;

/** A stream of documents in the making. */
export interface YamlBuild {
  readonly text: string;
  readonly limits: DocumentLimits;
  readonly isStream: boolean;
  readonly documents: Json[];
  readonly frames: YamlFrame[];
  readonly offences: Offence[];
  anchors: Map<string, YamlAnchor>;
  nodes: number;
  aliasCharacters: number;
  /** Offset of the event in hand. */
  at: number;
}

const segmentOf = (frame: YamlFrame): string | number =>
  frame.kind === "mapping" ? (frame.name ?? "") : frame.items.length;

function offenceHere(build: YamlBuild, message: string, at: number): Offence {
  const inside = build.frames.filter((frame) => frame.kind !== "document");
  // Where a name is due, the place is the map itself.
  if (expectsName(inside.at(-1))) inside.pop();
  const document = build.isStream ? build.documents.length + 1 : undefined;
  return { path: dottedPath(inside.map(segmentOf)), message, at, document };
}

/** Notes an offence at the current place; throws once the report is full. */
export function noteYaml(build: YamlBuild, message: string, firstAt?: number): void {
  const offence = offenceHere(build, message, build.at);
  build.offences.push(firstAt === undefined ? offence : { ...offence, firstAt });
  if (build.offences.length >= maxOffences) throw refuseText(build.text, build.offences);
}

export const topFrame = (build: YamlBuild): YamlFrame | undefined => build.frames.at(-1);

/** Whether the next node is a key of the open map. */
export const expectsName = (frame: YamlFrame | undefined): frame is MapFrame =>
  frame?.kind === "mapping" && frame.name === undefined;

/** Ends the build: after this offence the rest cannot be judged. */
export function haltYaml(build: YamlBuild, message: string): never {
  throw refuseText(build.text, [...build.offences, offenceHere(build, message, build.at)]);
}
