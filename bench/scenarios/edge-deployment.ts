import { randomBytes } from "node:crypto";
import type { Bench } from "../bench.ts";
import { exchange } from "../load/exchange.ts";
import { type Bundle, bundleFairlead, bundlePeer } from "../peers/bundle-worker.ts";
import { type Child, freePorts } from "../peers/child.ts";
import type { Fairlead } from "../peers/fairlead.ts";
import { startWorkerd, untilAnswered, type WorkerdOptions } from "../peers/workerd.ts";
import { seeded } from "./reads-contenders.ts";

export const keyPath = "/v1/config/setting?app=bench-key&environment=production";

/** Where nobody listens. */
const nobodyUrl = "http://127.0.0.1:1";

/** A Worker at a port, started as often as one likes; it does not run yet. */
interface Place {
  readonly port: number;
  /** Ends with the bench at the latest. */
  readonly start: (settings?: Readonly<Record<string, string>>) => Child;
}

export interface EdgeDeployment {
  readonly origin: Fairlead;
  /** A key that the edge knows by what is published, with the role of a viewer. */
  readonly apiKey: string;
  /** Without a database, and its origin is out of reach for it: whatever it answers is its own. */
  readonly edge: Place;
  readonly constant: Place;
  readonly bundles: { readonly edge: Bundle; readonly constant: Bundle };
}

/** An origin that publishes to an edge, with about 1 KB to answer each read. */
export async function prepareEdge(bench: Bench): Promise<EdgeDeployment> {
  const { directory } = bench;
  const [edgePort = 0, constantPort = 0] = await freePorts(2);
  const secret = randomBytes(24).toString("hex");
  const env = { EDGE_URLS: `http://127.0.0.1:${edgePort}`, EDGE_PUBLISH_SECRET: secret };
  // Its own database: one that knew of an edge would go on looking for it.
  const origin = await bench.startFairlead({ id: "origin", databaseUrl: "", env });
  await origin.putAll(seeded());
  const edge = await bundleFairlead(directory);
  const constant = await bundlePeer(directory, "hono-constant");
  const store = await bundlePeer(directory, "edge-store");
  return {
    origin,
    apiKey: await createKey(origin),
    bundles: { edge, constant },
    edge: placeOf(bench, edgePort, (settings) => ({
      id: "edge",
      file: edge.file,
      edge: {
        storeFile: store.file,
        settings: { ...settings, EDGE_PUBLISH_SECRET: secret, ORIGIN_URL: nobodyUrl },
      },
    })),
    constant: placeOf(bench, constantPort, () => ({ id: "constant", file: constant.file })),
  };
}

type Program = Pick<WorkerdOptions, "edge" | "file" | "id">;
type Settings = Readonly<Record<string, string>>;

const placeOf = (
  { directory, onClose, options }: Bench,
  port: number,
  programOf: (settings: Settings) => Program,
): Place => ({
  port,
  start(settings = {}) {
    const cores = options.cores?.servers;
    const child = startWorkerd({ directory, cores, port, ...programOf(settings) });
    onClose(child.stop);
    return child;
  },
});

async function createKey({ apiKey, port }: Fairlead): Promise<string> {
  const body = JSON.stringify({ name: "bench", grants: [{ role: "viewer" }] });
  const post = { port, method: "POST", path: "/v1/api-keys", apiKey, body } as const;
  const { key } = JSON.parse((await exchange(post)).text) as { key: string };
  return key;
}

/** Waits until the edge answers by what was published to it. */
export const untilPublished = (child: Child, { apiKey, edge }: EdgeDeployment): Promise<number> =>
  untilAnswered(child, { port: edge.port, path: keyPath, apiKey, status: 200 });
