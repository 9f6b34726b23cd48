import { countFault, type DocumentLimits, depthFault } from "./document-limits.ts";
import { end, halt, haltSyntax, type JsonCursor, nextCode, note } from "./json-cursor.ts";
import { quote, refuseText } from "./offences.ts";
import {
  decodeString,
  passString,
  scanLiteral,
  scanNumber,
  scanString,
} from "./scan-json-scalars.ts";
import { closeNames, openNames, rememberName, type SeenNames, seenNames } from "./seen-names.ts";
import { forbiddenNameFault, nameFault } from "./text-faults.ts";

const quoteMark = 34;
const comma = 44;
const colon = 58;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

interface Scan extends JsonCursor {
  readonly seen: SeenNames;
  /** By depth: whether the open container is an object. */
  readonly isObject: boolean[];
}

function enter(scan: Scan, isObject: boolean): void {
  if (scan.depth >= scan.limits.maxDepth) halt(scan, depthFault(scan.limits), scan.at);
  scan.at += 1;
  scan.depth += 1;
  scan.isObject[scan.depth] = isObject;
  scan.path[scan.depth] = isObject ? "" : 0;
  if (isObject) openNames(scan.seen, scan.depth);
}

function leave(scan: Scan): void {
  if (scan.isObject[scan.depth]) closeNames(scan.seen, scan.depth);
  scan.at += 1;
  scan.depth -= 1;
}

function scanName(scan: Scan): void {
  if (nextCode(scan) !== quoteMark) haltSyntax(scan, "a member name in double quotes");
  const start = scan.at;
  const form = passString(scan);
  const isPlain = form === "plain";
  const name = isPlain ? scan.text.slice(start + 1, scan.at - 1) : decodeString(scan, start);
  scan.path[scan.depth] = name;
  const fault = form === "suspect" ? nameFault(name) : forbiddenNameFault(name);
  if (fault !== undefined) note(scan, fault, start);
  const firstAt = rememberName(scan.seen, scan.depth, name, start);
  if (firstAt !== undefined) note(scan, `the name ${quote(name)} is given twice`, start, firstAt);
  if (nextCode(scan) !== colon) haltSyntax(scan, '":" after the member name');
  scan.at += 1;
}

/** Enters a container; true when it holds something, whose value is to be read next. */
function scanOpening(scan: Scan, isObject: boolean): boolean {
  enter(scan, isObject);
  if (nextCode(scan) === (isObject ? closeBrace : closeBracket)) {
    leave(scan);
    return false;
  }
  if (isObject) scanName(scan);
  return true;
}

/** Reads a scalar or enters a container; true when a value is to be read next. */
function scanValue(scan: Scan): boolean {
  const code = nextCode(scan);
  scan.nodes += 1;
  if (scan.nodes > scan.limits.maxNodes) halt(scan, countFault(scan.limits), scan.at);
  if (code === openBrace || code === openBracket) return scanOpening(scan, code === openBrace);
  if (code === quoteMark) scanString(scan);
  else if (code === 116) scanLiteral(scan, "true");
  else if (code === 102) scanLiteral(scan, "false");
  else if (code === 110) scanLiteral(scan, "null");
  else if (code === 45 || (code >= 48 && code <= 57)) scanNumber(scan);
  else haltSyntax(scan, "a JSON value");
  return false;
}

function nextItem(scan: Scan): void {
  const index = scan.path[scan.depth];
  scan.path[scan.depth] = typeof index === "number" ? index + 1 : 0;
}

/** Passes what follows a value; true when another value is to be read, false at the end of all. */
function scanAfterValue(scan: Scan): boolean {
  while (scan.depth > 0) {
    const code = nextCode(scan);
    const isObject = scan.isObject[scan.depth] === true;
    if (code === comma) {
      scan.at += 1;
      if (isObject) scanName(scan);
      else nextItem(scan);
      return true;
    }
    if (code !== (isObject ? closeBrace : closeBracket)) {
      haltSyntax(scan, isObject ? '"," or "}"' : '"," or "]"');
    }
    leave(scan);
  }
  if (nextCode(scan) !== end) haltSyntax(scan, "nothing after the value");
  return false;
}

/**
 * One pass over JSON text that builds nothing: refuses what is not JSON, what is over the limits,
 * and what `JSON.parse` would silently lose (a name given twice, digits) or should not build.
 *
 * @throws Problem `INVALID_INPUT`
 */
export function scanJson(text: string, limits: DocumentLimits): void {
  const scan: Scan = {
    text,
    limits,
    isWellFormed: text.isWellFormed(),
    at: 0,
    depth: 0,
    nodes: 0,
    path: [""],
    offences: [],
    seen: seenNames(),
    isObject: [],
  };
  let expectsValue = true;
  while (expectsValue) expectsValue = scanValue(scan) || scanAfterValue(scan);
  if (scan.offences.length > 0) throw refuseText(text, scan.offences);
}
