import { getScalarValue, SCALAR_STYLE, type ScalarEvent } from "js-yaml";
import { shorten } from "./offences.ts";
import { textFault } from "./text-faults.ts";
import { haltYaml, noteYaml, type YamlBuild, type YamlNode } from "./yaml-frames.ts";
import { resolveScalar, type ScalarTag, scalarTag } from "./yaml-scalars.ts";

const lastCodePoint = 0x10ffff;

/** A `\U` escape past the last code point, which js-yaml would turn into another character. */
function escapeBeyondUnicode(quoted: string): string | undefined {
  for (let at = quoted.indexOf("\\U"); at >= 0; at = quoted.indexOf("\\U", at + 2)) {
    let run = at;
    while (quoted.charAt(run - 1) === "\\") run -= 1;
    // After an odd number of backslashes, this one is itself escaped.
    const isEscape = (at - run) % 2 === 0;
    const escape = quoted.slice(at, at + 10);
    if (isEscape && Number.parseInt(escape.slice(2), 16) > lastCodePoint) return escape;
  }
  return undefined;
}

function escapeFault(build: YamlBuild, event: ScalarEvent): string | undefined {
  if (event.style !== SCALAR_STYLE.DOUBLE_QUOTED || event.fast) return undefined;
  const escape = escapeBeyondUnicode(build.text.slice(event.valueStart, event.valueEnd));
  return escape === undefined ? undefined : `holds ${escape}, which is not a character`;
}

/** The written tag, or `str` for a quoted or block scalar; none where the text itself decides. */
function tagOf(build: YamlBuild, event: ScalarEvent): ScalarTag | undefined {
  if (event.tagStart < 0) return event.style === SCALAR_STYLE.PLAIN ? undefined : "str";
  const written = build.text.slice(event.tagStart, event.tagEnd);
  const tag = scalarTag(written);
  if (tag !== undefined) return tag;
  return haltYaml(build, `the tag ${shorten(written)} is not one of YAML's core schema`);
}

/** The value of a scalar event. What its text must not hold is noted; a lossy number is left to its use. */
export function readYamlScalar(build: YamlBuild, event: ScalarEvent): YamlNode {
  const source = getScalarValue(build.text, event);
  const { value, fault } = resolveScalar(source, tagOf(build, event));
  const broken = textFault(source) ?? escapeFault(build, event);
  if (broken !== undefined) noteYaml(build, broken);
  const characters = typeof value === "string" ? value.length : 0;
  return { value, size: 1, characters, height: 0, keyText: source, fault };
}
