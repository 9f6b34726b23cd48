import { randomUUID } from "node:crypto";
import type { FieldError } from "../../errors.ts";
import { canonicalJson } from "../../platform/canonical-json.ts";
import { type Json, jsonSizeBytes } from "../../platform/json.ts";
import {
  type Dependency,
  type PreparedAttestation,
  type Rendering,
  renderJobSpec,
} from "../render.ts";
import { type Envelope, type Signer, signEnvelope } from "../signing/dsse.ts";
import { type Batch, maxSourceBytes, type StoredSpec } from "./read-batch.ts";
import { takeTurns } from "./take-turns.ts";

/** What a job spec becomes when its attestation is rendered. */
type SpecChange =
  | {
      readonly to: "version";
      readonly id: string;
      readonly version: number;
      readonly hash: string;
      readonly spec: Json;
      readonly envelope: Envelope;
    }
  | { readonly to: "same" }
  | { readonly to: "failed"; readonly id: string; readonly error: FieldError }
  | { readonly to: "gone" };

export interface RenderedSpec {
  readonly attestation: string;
  readonly stored: StoredSpec | undefined;
  readonly change: SpecChange;
  readonly dependencies: readonly Dependency[];
  readonly labels: Readonly<Record<string, string>>;
  readonly intervalSeconds: number | null;
  /** About what it takes until it is written. */
  readonly bytes: number;
}

export const payloadType = "application/vnd.fairlead.job-spec+json";

/** Renders and signs a batch, one after another, so that no more is held than is asked for. */
export async function* renderBatch(batch: Batch, signer: Signer): AsyncGenerator<RenderedSpec> {
  const rested = takeTurns();
  for (const name of batch.names) {
    await rested();
    const stored = batch.stored.get(name);
    const attestation = batch.attestations.get(name);
    if (attestation !== undefined) yield await renderOne(batch, attestation, stored, signer);
    else if (stored !== undefined) yield goneSpec(name, stored);
  }
}

const goneSpec = (attestation: string, stored: StoredSpec): RenderedSpec => ({
  attestation,
  stored,
  change: { to: "gone" },
  dependencies: [],
  labels: {},
  intervalSeconds: null,
  bytes: 0,
});

const renderOne = async (
  batch: Batch,
  attestation: PreparedAttestation,
  stored: StoredSpec | undefined,
  signer: Signer,
): Promise<RenderedSpec> => {
  const { sourcesOf } = batch;
  const { dependencies, result } =
    sourcesOf === undefined
      ? tooLarge(batch, attestation)
      : renderJobSpec(attestation, sourcesOf(attestation));
  const { intervalSeconds = null, labels = {} } = attestation.value;
  const about = { attestation: attestation.key, stored, dependencies, labels, intervalSeconds };
  const bytes = dependencies.length * 200;
  const id = stored?.id ?? randomUUID();
  if ("error" in result) {
    return { ...about, bytes, change: { to: "failed", id, error: result.error } };
  }
  const { hash, spec } = result;
  if (hash === stored?.hash) return { ...about, bytes, change: { to: "same" } };
  const version = (stored?.version ?? 0) + 1;
  const payload = canonicalJson({ id, version, attestation: attestation.key, hash, spec });
  const envelope = await signEnvelope(signer, payloadType, payload);
  const change = { to: "version", id, version, hash, spec, envelope } as const;
  return { ...about, change, bytes: bytes + jsonSizeBytes(spec) + envelope.payload.length };
};

/** It hangs on all that it names: when that becomes less, it is tried again. */
const tooLarge = ({ named }: Batch, { key, template, value }: PreparedAttestation): Rendering => {
  const { app = "", environment = "" } = value;
  const message = `is made from more than ${maxSourceBytes} bytes of definitions or configuration`;
  const dependencies = [
    { kind: "attestation", app: "", environment: "", key },
    ...named,
    ...template.configKeys.map((name) => ({ kind: "config", app, environment, key: name })),
  ];
  return { dependencies, result: { error: { path: "", message } } };
};
