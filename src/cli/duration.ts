import { InvalidArgumentError } from "commander";
import { z } from "zod";

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Parses `90m`, `12h` or `30d` as milliseconds. */
export const durationMs = (text: string): number => {
  const [, count, unit] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw new InvalidArgumentError("It must be a number of m(inutes), h(ours) or d(ays): 30d.");
  }
  return Number(count) * unitMs[unit as keyof typeof unitMs];
};

const timeShape = z.iso.datetime({ offset: true });

/** Checks a point in time as RFC 3339 writes it. */
export const timestamp = (text: string): string => {
  if (!timeShape.safeParse(text).success) {
    throw new InvalidArgumentError(
      "It must be an RFC 3339 time with its offset: 2026-12-31T23:59:59Z.",
    );
  }
  return text;
};
