import type { Point } from "../../outbox/consumer.ts";
import type { Tx } from "../../platform/sql.ts";
import { enqueueEvents } from "../../webhooks/deliveries/enqueue-events.ts";
import type { WebhookEvent } from "../../webhooks/deliveries/webhook-event.ts";
import { jobSpecEvent } from "../../webhooks/event-types.ts";
import type { RenderedSpec } from "./render-batch.ts";
import { isOtherError } from "./spec-differences.ts";

/** Tells webhooks of new versions, of specs that are gone, and of those that fail or do so no more. */
export const announceSpecs = async (
  tx: Tx,
  point: Point,
  specs: readonly RenderedSpec[],
): Promise<void> => {
  const told = specs.flatMap((spec) => {
    const news = newsOf(spec, point);
    return news === undefined ? [] : [{ attestation: spec.attestation, ...news }];
  });
  if (told.length === 0) return;
  const time = await readTime(tx);
  await enqueueEvents(
    tx,
    told.map((news) => toEvent(news, time)),
  );
};

interface News {
  readonly change: "version" | "removed" | "failed" | "recovered";
  readonly jobSpecId: string;
  readonly version: number;
  /** Tells one event of a spec from all others. */
  readonly name: string;
}

const newsOf = (spec: RenderedSpec, point: Point): News | undefined => {
  const { change, stored } = spec;
  if (change.to === "version") {
    const { id: jobSpecId, version } = change;
    return { change: "version", jobSpecId, version, name: `${version}` };
  }
  const version = stored?.version ?? 0;
  const at = `${point.epoch}-${point.revision}`;
  if (change.to === "failed") {
    if (!isOtherError(spec)) return undefined;
    return { change: "failed", jobSpecId: change.id, version, name: `failed-${at}` };
  }
  if (stored === undefined) return undefined;
  const { id: jobSpecId } = stored;
  if (change.to === "gone") return { change: "removed", jobSpecId, version, name: "removed" };
  return stored.error === null
    ? undefined
    : { change: "recovered", jobSpecId, version, name: `recovered-${at}` };
};

const toEvent = (
  { attestation, name, ...news }: News & { readonly attestation: string },
  time: string,
): WebhookEvent => {
  const entry = { kind: "attestation", app: "", environment: "", key: attestation };
  return {
    id: `jobspec-${news.jobSpecId}-${name}`,
    type: jobSpecEvent,
    source: "/fairlead",
    time,
    revision: null,
    contentFor: ({ permissions, prefix }) =>
      attestation.startsWith(prefix) && permissions.may("entries.read", entry)
        ? { data: { ...news, attestation }, entries: [`attestation///${attestation}`] }
        : undefined,
  };
};

const readTime = async (tx: Tx): Promise<string> => {
  const [row] = await tx<{ now: string }[]>`
    select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`;
  return row?.now ?? "";
};
