import type { Tx } from "../../platform/sql.ts";
import type { RenderedSpec } from "./render-batch.ts";

/** Replaces what specs were made from; what stays is not written. */
export const writeDependencies = async (tx: Tx, specs: readonly RenderedSpec[]): Promise<void> => {
  if (specs.length === 0) return;
  const known = specs.filter(({ stored }) => stored !== undefined);
  if (known.length > 0) await deleteOthers(tx, known);
  await tx`
    insert into fairlead.job_spec_dependencies (attestation, kind, app, environment, key)
    select attestation, kind, app, environment, key
    from json_to_recordset(${textOf(specs)}::text::json)
      as r(attestation text, kind text, app text, environment text, key text)
    on conflict do nothing`;
};

const deleteOthers = (tx: Tx, specs: readonly RenderedSpec[]) => tx`
  delete from fairlead.job_spec_dependencies d
  where d.attestation in (
    select json_array_elements_text(
      ${JSON.stringify(specs.map(({ attestation }) => attestation))}::text::json
    )
  )
  and (d.attestation, d.kind, d.app, d.environment, d.key) not in (
    select attestation, kind, app, environment, key
    from json_to_recordset(${textOf(specs)}::text::json)
      as r(attestation text, kind text, app text, environment text, key text)
  )`;

const textOf = (specs: readonly RenderedSpec[]): string =>
  JSON.stringify(
    specs.flatMap(({ attestation, dependencies }) =>
      dependencies.map((dependency) => ({ attestation, ...dependency })),
    ),
  );
