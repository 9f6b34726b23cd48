import { type KindRegistry, registerKinds } from "../changes/kind.ts";
import { configKind } from "../configs/kind.ts";
import type { Settings } from "../platform/settings.ts";

/** The kinds that there are. */
export const productKinds = (settings: Settings): KindRegistry =>
  registerKinds(configKind(settings));
