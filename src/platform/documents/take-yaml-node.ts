import { isJsonObject, type Json } from "../json.ts";
import { quote } from "./offences.ts";
import { forbiddenNameFault } from "./text-faults.ts";
import {
  haltYaml,
  type MapFrame,
  noteYaml,
  topFrame,
  type YamlBuild,
  type YamlFrame,
  type YamlNode,
} from "./yaml-frames.ts";

/** Takes a node as the name of the open map's next member. */
export function takeName(
  build: YamlBuild,
  frame: MapFrame,
  { keyText }: YamlNode,
  isMerge: boolean,
): void {
  if (keyText === undefined) return haltYaml(build, "a map or a list cannot be a key");
  frame.name = keyText;
  frame.isMerge = isMerge;
  const fault = forbiddenNameFault(keyText);
  if (fault !== undefined) noteYaml(build, fault);
  const firstAt = frame.namedAt.get(keyText);
  if (firstAt === undefined) frame.namedAt.set(keyText, build.at);
  else noteYaml(build, `the name ${quote(keyText)} is given twice`, firstAt);
}

function takeMerge(build: YamlBuild, frame: MapFrame, value: Json): void {
  for (const source of Array.isArray(value) ? value : [value]) {
    if (!isJsonObject(source)) return noteYaml(build, "takes a map or a list of maps to merge");
    frame.merged.push(source);
  }
}

/** How much deeper than its frame a value lies: what `<<` merges takes the place of the map itself. */
const levelsBelow = (frame: YamlFrame): number =>
  frame.kind === "mapping" && frame.isMerge ? 0 : 1;

/** Takes a node as the next item or member of what is open. */
export function takeValue(build: YamlBuild, node: YamlNode): void {
  if (node.fault !== undefined) noteYaml(build, node.fault);
  const frame = topFrame(build);
  if (frame === undefined) return;
  frame.size += node.size;
  frame.characters += node.characters;
  frame.height = Math.max(frame.height, node.height + levelsBelow(frame));
  if (frame.kind !== "mapping") {
    frame.items.push(node.value);
    return;
  }
  const name = frame.name ?? "";
  if (frame.isMerge) takeMerge(build, frame, node.value);
  else frame.members.set(name, node.value);
  frame.characters += name.length;
  frame.name = undefined;
}
