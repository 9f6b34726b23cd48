import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from "js-yaml";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { countFault, type DocumentLimits, depthFault } from "./document-limits.ts";
import { refuseText, shorten } from "./offences.ts";
import { readYamlScalar } from "./read-yaml-scalar.ts";
import { takeName, takeValue } from "./take-yaml-node.ts";
import {
  expectsName,
  haltYaml,
  type MapFrame,
  noteYaml,
  topFrame,
  type YamlAnchor,
  type YamlBuild,
} from "./yaml-frames.ts";

/** What aliases may add to a stream in text: without a bound 100 KB of them repeat into gigabytes. */
const maxAliasCharacters = 10_000_000;

const mergeKey = "<<";

type CollectionEvent = MappingEvent | SequenceEvent;

const collectionTag = {
  [EVENT_ID.SEQUENCE]: /^(?:!|!!seq|!<tag:yaml\.org,2002:seq>)$/,
  [EVENT_ID.MAPPING]: /^(?:!|!!map|!<tag:yaml\.org,2002:map>)$/,
} as const;

function countNodes(build: YamlBuild, count: number): void {
  build.nodes += count;
  if (build.nodes > build.limits.maxNodes) haltYaml(build, countFault(build.limits));
}

/** Checks that `height` more levels fit below the open ones. */
function checkDepth(build: YamlBuild, height: number): void {
  const openLevels = build.frames.length - 1;
  if (openLevels + height > build.limits.maxDepth) haltYaml(build, depthFault(build.limits));
}

function rememberAnchor(
  build: YamlBuild,
  event: CollectionEvent | ScalarEvent,
  anchor: YamlAnchor,
): void {
  if (event.anchorStart < 0) return;
  build.anchors.set(build.text.slice(event.anchorStart, event.anchorEnd), anchor);
}

function addScalar(build: YamlBuild, event: ScalarEvent): void {
  const frame = topFrame(build);
  const node = readYamlScalar(build, event);
  rememberAnchor(build, event, { node });
  if (!expectsName(frame)) {
    countNodes(build, 1);
    takeValue(build, node);
    return;
  }
  if (event.valueStart < 0) noteYaml(build, "a key is missing");
  // Without a tag, a key is its text, whatever a value of that text would be.
  if (event.tagStart >= 0 && node.fault !== undefined) noteYaml(build, node.fault);
  const isBare = event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0;
  takeName(build, frame, node, isBare && node.keyText === mergeKey);
}

function copyOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}

/** Repeats what the anchor names, once it is known what that costs. */
function addAlias(build: YamlBuild, event: AliasEvent): void {
  const name = build.text.slice(event.anchorStart, event.anchorEnd);
  const anchor = build.anchors.get(name);
  if (anchor === undefined) return haltYaml(build, `the alias *${shorten(name)} has no anchor`);
  const { node } = anchor;
  if (node === undefined) {
    return haltYaml(build, `the alias *${shorten(name)} stands inside what it names, without end`);
  }
  const frame = topFrame(build);
  if (expectsName(frame)) return takeName(build, frame, node, false);
  countNodes(build, node.size);
  checkDepth(build, node.height);
  build.aliasCharacters += node.characters;
  if (build.aliasCharacters > maxAliasCharacters) {
    haltYaml(build, `aliases repeat more than ${maxAliasCharacters} characters`);
  }
  takeValue(build, { ...node, value: copyOf(node.value) });
}

function open(build: YamlBuild, event: CollectionEvent): void {
  if (expectsName(topFrame(build))) {
    haltYaml(build, "a map or a list cannot be a key; put text that begins with { or [ in quotes");
  }
  const tag = event.tagStart < 0 ? "!" : build.text.slice(event.tagStart, event.tagEnd);
  if (!collectionTag[event.type].test(tag)) {
    haltYaml(build, `the tag ${shorten(tag)} is not one of YAML's core schema`);
  }
  checkDepth(build, 1);
  countNodes(build, 1);
  const anchor: YamlAnchor = {};
  rememberAnchor(build, event, anchor);
  const cost = { anchor, size: 1, characters: 0, height: 1 };
  build.frames.push(
    event.type === EVENT_ID.SEQUENCE
      ? { ...cost, kind: "sequence", items: [] }
      : {
          ...cost,
          kind: "mapping",
          members: new Map(),
          namedAt: new Map(),
          merged: [],
          isMerge: false,
        },
  );
}

/** The map's own members, then what the maps merged into it have beside them, the first one first. */
function toObject({ members, merged }: MapFrame): JsonObject {
  for (const [name, value] of merged.flatMap((source) => Object.entries(source))) {
    if (!members.has(name)) members.set(name, value);
  }
  return Object.fromEntries(members);
}

function close(build: YamlBuild): void {
  const frame = build.frames.pop();
  if (frame === undefined) return;
  if (frame.kind === "document") {
    build.documents.push(frame.items[0] ?? null);
    return;
  }
  const { anchor, size, characters, height } = frame;
  const value = frame.kind === "sequence" ? frame.items : toObject(frame);
  const node = { value, size, characters, height };
  anchor.node = node;
  takeValue(build, node);
}

function offsetOf(event: Event, previous: number): number {
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR || event.valueStart < 0) return previous;
  const isQuoted =
    event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? event.valueStart - 1 : event.valueStart;
}

function addEvent(build: YamlBuild, event: Event): void {
  build.at = offsetOf(event, build.at);
  switch (event.type) {
    case EVENT_ID.DOCUMENT:
      build.anchors = new Map();
      build.frames.push({
        kind: "document",
        anchor: {},
        size: 0,
        characters: 0,
        height: 0,
        items: [],
      });
      if (event.directives.some(({ kind }) => kind === "tag")) {
        haltYaml(build, "%TAG directives are not read");
      }
      return;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return open(build, event);
    case EVENT_ID.SCALAR:
      return addScalar(build, event);
    case EVENT_ID.ALIAS:
      return addAlias(build, event);
    case EVENT_ID.POP:
      return close(build);
  }
}

/**
 * Builds the documents of a stream from js-yaml's events, rather than by its constructor, which
 * knows no bound on aliases, rounds numbers and shares what an alias repeats.
 */
export function buildYaml(text: string, events: readonly Event[], limits: DocumentLimits): Json[] {
  const documentCount = events.filter(({ type }) => type === EVENT_ID.DOCUMENT).length;
  const build: YamlBuild = {
    text,
    limits,
    isStream: documentCount > 1,
    documents: [],
    frames: [],
    offences: [],
    anchors: new Map(),
    nodes: 0,
    aliasCharacters: 0,
    at: 0,
  };
  for (const event of events) addEvent(build, event);
  if (build.offences.length > 0) throw refuseText(text, build.offences);
  return build.documents;
}
