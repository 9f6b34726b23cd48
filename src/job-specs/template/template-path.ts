/** What a path names inside a value: a member, or an item of a list. */
export type Segment = string | number;

/** A reference such as `components[0].properties["os.name"]`. */
export interface TemplatePath {
  readonly root: string;
  readonly segments: readonly Segment[];
}

type Taken =
  | { readonly path: TemplatePath; readonly end: number }
  | { readonly fault: string; readonly end: number };

const maxSegments = 32;
const maxIndexDigits = 6;

const bareName = "[A-Za-z_][A-Za-z0-9_-]*";
const rootToken = new RegExp(bareName, "y");
// Neither alternative can begin where another one has, so that no text is read twice.
const segmentToken = new RegExp(
  `\\.(${bareName})|\\[(\\d+)\\]|\\[("(?:[^"\\\\]|\\\\.)*")\\]|\\['([^']*)'\\]`,
  "y",
);

const wholeName = new RegExp(`^${bareName}$`);
const maxNameLength = 64;

export const isBareName = (text: string): boolean =>
  text.length <= maxNameLength && wholeName.test(text);

/** Reads the path that begins at an offset, as far as it goes. */
export const takePath = (text: string, from: number): Taken => {
  rootToken.lastIndex = from;
  const root = rootToken.exec(text)?.[0];
  if (root === undefined) return { fault: "a path begins with a name", end: from };
  const segments: Segment[] = [];
  let end = rootToken.lastIndex;
  for (;;) {
    segmentToken.lastIndex = end;
    const token = segmentToken.exec(text);
    if (token === null) return { path: { root, segments }, end };
    const segment = segmentOf(token);
    if (segment === undefined) return { fault: `${shown(token[0])} is no index or name`, end };
    segments.push(segment);
    if (segments.length > maxSegments) return { fault: "a path has at most 32 parts", end };
    end = segmentToken.lastIndex;
  }
};

const segmentOf = ([, name, index, quoted, verbatim]: RegExpExecArray): Segment | undefined => {
  if (index !== undefined) return index.length > maxIndexDigits ? undefined : Number(index);
  if (quoted === undefined) return name ?? verbatim;
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
};

/** Reads a text that is a path and nothing else. */
export const parsePath = (text: string): Taken => {
  const taken = takePath(text, 0);
  if ("fault" in taken || taken.end === text.length) return taken;
  return { fault: `${shown(text.slice(taken.end))} does not continue a path`, end: taken.end };
};

/** A path as it is written. */
export const describePath = (root: string, segments: readonly Segment[]): string =>
  root +
  segments
    .map((segment) => {
      if (typeof segment === "number") return `[${segment}]`;
      return isBareName(segment) ? `.${segment}` : `[${shown(segment)}]`;
    })
    .join("");

const shown = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60).toWellFormed()}…` : text);
