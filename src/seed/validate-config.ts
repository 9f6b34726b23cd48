import type { Operation } from "../changes/change-set.ts";
import { commitChangeSet } from "../changes/commit-change-set.ts";
import { flattenDocument } from "../configs/flatten-document.ts";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { type FieldError, Problem } from "../errors.ts";
import { requireScope } from "../layers/require-scope.ts";
import type { Json } from "../platform/json.ts";
import { compileJsonSchema } from "../platform/json-schema/compile-json-schema.ts";
import { inWordsOfConfig, problemInWordsOfConfig } from "./in-words-of-config.ts";

export interface ValidateConfigInput {
  readonly service: string;
  readonly environment: string;
  readonly config: Json;
  /** For the whole of `config`, as it was sent. */
  readonly schema?: Json | undefined;
}

export interface Validation {
  readonly valid: boolean;
  readonly errors: readonly FieldError[];
}

/** Says whether a configuration would be accepted, by a dry run of putting it; commits nothing. */
export const validateConfig = async (ctx: Ctx, input: ValidateConfigInput): Promise<Validation> => {
  requireAnyPermission(ctx, "entries.write");
  const errors = [
    ...(await faultsOf(() => environmentErrors(ctx, input))),
    ...(await faultsOf(() => schemaErrors(input))),
    ...(await faultsOf(() => changeErrors(ctx, input))),
  ];
  return { valid: errors.length === 0, errors: uniqueErrors(errors) };
};

const environmentErrors = async (ctx: Ctx, { environment }: ValidateConfigInput) => {
  await requireScope(ctx, { environment });
  return [];
};

const schemaErrors = async ({ config, schema }: ValidateConfigInput): Promise<FieldError[]> => {
  if (schema === undefined) return [];
  try {
    return compileJsonSchema(schema).validate(config);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [first] = error.errors;
    const path = ["schema", first?.path].filter(Boolean).join(".");
    return [{ path, message: first?.message ?? error.message }];
  }
};

const changeErrors = async (ctx: Ctx, input: ValidateConfigInput): Promise<FieldError[]> => {
  const { config, environment, service } = input;
  const { entries } = flattenDocument(config);
  const keys = [...entries.keys()];
  const scope = { kind: "config", app: service, environment };
  const operations = [...entries].map(
    ([key, { value }]): Operation => ({ op: "put", ...scope, key, value }),
  );
  try {
    const changeSet = { message: "", allowLargeChange: true, operations };
    await commitChangeSet(ctx, { dryRun: true, changeSet });
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.errors.length === 0) throw error;
    if (!isVerdict(error)) throw problemInWordsOfConfig(error, keys);
    return uniqueErrors(error.errors.map((fault) => inWordsOfConfig(fault, keys)));
  }
};

const uniqueErrors = (errors: readonly FieldError[]): FieldError[] => [
  ...new Map(errors.map((error) => [JSON.stringify(error), error])).values(),
];

/** What may not be seen is answered as what is missing; what may be read but not changed is refused. */
const isVerdict = (error: unknown): error is Problem =>
  error instanceof Problem && error.status < 500 && error.code !== "FORBIDDEN";

/** What a client can mend is an answer; anything else is a failure of the request. */
const faultsOf = async (check: () => Promise<FieldError[]>): Promise<FieldError[]> => {
  try {
    return await check();
  } catch (error) {
    if (!isVerdict(error)) throw error;
    return error.errors.length > 0 ? [...error.errors] : [{ path: "", message: error.message }];
  }
};
