const lineWidth = 60;

const nested = (value: unknown, indent: string): string => {
  const line = oneLine(value);
  if (indent.length + line.length <= lineWidth || typeof value !== "object" || value === null) {
    return line;
  }
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => inner + nested(item, inner)).join(",\n")}\n${indent}]`;
  }
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)}: ${nested(member, inner)}`,
  );
  return `{\n${members.join(",\n")}\n${indent}}`;
};

const oneLine = (value: unknown): string => {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${oneLine(member)}`,
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
};

/** JSON for reading: what fits on a line of 60 characters stays on it. */
export const formatJson = (value: unknown): string => nested(value, "");
