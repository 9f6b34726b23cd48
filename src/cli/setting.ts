import type { Io } from "./io.ts";

/** An environment variable; an empty one counts as absent. */
export const setting = ({ env }: Io, name: string): string | undefined => env[name] || undefined;
