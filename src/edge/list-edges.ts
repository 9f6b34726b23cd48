import { type Ctx, requirePermission } from "../context.ts";
import { readConsumers } from "../outbox/read-consumers.ts";
import { type ConfiguredEdge, configuredEdges } from "./configured-edges.ts";
import type { EdgeState } from "./operations.ts";
import { readDeployment } from "./read-deployment.ts";

interface EdgeStatus {
  readonly edge: string;
  readonly isReachable: boolean;
  /** Why it is not. */
  readonly problem: string | null;
  readonly epoch: string | null;
  readonly revision: number | null;
  readonly lagRevisions: number | null;
  readonly accessVersion: number | null;
  readonly isAccessCurrent: boolean;
  readonly isFilling: boolean;
  readonly documents: number;
  readonly bytes: number;
  readonly consumer: string;
  readonly failures: number;
  readonly lastError: string | null;
  readonly lastErrorAt: string | null;
}

type Deployment = Awaited<ReturnType<typeof readDeployment>>;

interface EdgesState extends Deployment {
  readonly items: readonly EdgeStatus[];
}

/** All are asked at one time, so this bounds the answer. */
const askTimeoutMs = 5_000;

/** How far every configured edge has come. */
export const listEdges = async (ctx: Ctx): Promise<EdgesState> => {
  requirePermission(ctx, "outbox.redrive");
  const kinds = [...ctx.kinds.values()].filter(({ published }) => published);
  const edges = configuredEdges(ctx.settings);
  const asked = await Promise.all(edges.map(ask));
  // After the edges were asked: what they have is not newer than this.
  const [deployment, consumers] = await Promise.all([
    readDeployment(
      ctx.sql,
      kinds.map(({ name }) => name),
    ),
    readConsumers(ctx.sql),
  ]);
  const items = edges.map(({ consumer: name, host }, index): EdgeStatus => {
    const consumer = consumers.find((one) => one.name === name);
    return {
      edge: host,
      ...toStatus(deployment, asked[index] ?? new Error("was not asked")),
      consumer: name,
      failures: consumer?.attempts ?? 0,
      lastError: consumer?.lastError ?? null,
      lastErrorAt: consumer?.lastErrorAt ?? null,
    };
  });
  return { ...deployment, items };
};

const ask = async ({ connect }: ConfiguredEdge): Promise<EdgeState | Error> => {
  try {
    return await connect({ timeoutMs: askTimeoutMs, attempts: 1 }).send({ op: "status" });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

const toStatus = (deployment: Deployment, asked: EdgeState | Error) => {
  if (asked instanceof Error) {
    return {
      isReachable: false,
      problem: asked.message,
      epoch: null,
      revision: null,
      lagRevisions: null,
      accessVersion: null,
      isAccessCurrent: false,
      isFilling: false,
      documents: 0,
      bytes: 0,
    };
  }
  const { access, bytes, documents, isFilling, point } = asked;
  const isOurs = point?.epoch === deployment.epoch;
  return {
    isReachable: true,
    problem: null,
    epoch: point?.epoch ?? null,
    revision: point?.revision ?? null,
    lagRevisions: isOurs ? Math.max(deployment.revision - point.revision, 0) : deployment.revision,
    accessVersion: access?.version ?? null,
    isAccessCurrent:
      access?.epoch === deployment.epoch && access.version >= deployment.accessVersion,
    isFilling,
    documents,
    bytes,
  };
};
