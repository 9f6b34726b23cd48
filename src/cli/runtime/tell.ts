import { printable, printableJson } from "../printable.ts";
import type { Session } from "../session.ts";
import type { LeasedSpec } from "./runtime-shapes.ts";

interface Told {
  readonly event: "result" | "dropped" | "refused" | "failed";
  /** For people. */
  readonly words: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A line about a job spec, for people or, as JSON, for programs. */
export const tell = (
  { io, json }: Session,
  { attestation, fence, id, version }: LeasedSpec,
  { event, more, words }: Told,
): void => {
  const line = json
    ? printableJson({ event, jobSpecId: id, attestation, version, fence, ...more })
    : printable(`${attestation}  v${version}  ${words}`);
  io.stdout.write(`${line}\n`);
};
