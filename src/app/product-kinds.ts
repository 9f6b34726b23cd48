import { type KindRegistry, registerKinds } from "../changes/kind.ts";
import { configKind } from "../configs/kind.ts";
import { definitionKinds } from "../job-specs/kinds/kinds.ts";
import type { Settings } from "../platform/settings.ts";

/** The kinds that there are. */
export const productKinds = (settings: Settings): KindRegistry =>
  registerKinds(configKind(settings), ...definitionKinds(settings));
