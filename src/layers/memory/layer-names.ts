import { scopesOf } from "../resolve.ts";
import type { LayerName } from "./memory-layer.ts";

/** The layers that apply to (app, environment), weakest first. */
export const layerNamesOf = (kind: string, app: string, environment: string): LayerName[] =>
  scopesOf(app, environment).map(([ofApp, ofEnvironment]) => ({
    kind,
    app: ofApp,
    environment: ofEnvironment,
  }));
