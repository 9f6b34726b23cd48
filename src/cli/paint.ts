import type { Io } from "./io.ts";

const colours = { green: 32, red: 31, yellow: 33 } as const;

export type Colour = keyof typeof colours;

/** Colours a line on a terminal, unless NO_COLOR (https://no-color.org) or a dumb terminal speaks against it. */
export const paint = ({ isTerminal, env }: Io, colour: Colour, text: string): string => {
  const plain = !isTerminal || Boolean(env["NO_COLOR"]) || env["TERM"] === "dumb";
  return plain ? text : `\u001b[${colours[colour]}m${text}\u001b[0m`;
};
