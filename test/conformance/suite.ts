import { afterAll, afterEach, beforeAll, describe } from "vitest";
import {
  type ContractCheck,
  createContractCheck,
  type OpenApiDocument,
} from "../helpers/contract-check.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import "./matchers.ts";
import { accessBattery } from "./access-battery.ts";
import { apiKeys } from "./api-keys.ts";
import { auditLog } from "./audit-log.ts";
import { auditRefusals } from "./audit-refusals.ts";
import { auditors } from "./auditors.ts";
import { authentication } from "./authentication.ts";
import { badApiKeys } from "./bad-api-keys.ts";
import { badJson } from "./bad-json.ts";
import { badParameters } from "./bad-parameters.ts";
import { badYaml } from "./bad-yaml.ts";
import { bodyLimits } from "./body-limits.ts";
import { changes } from "./changes.ts";
import { compareAndSet } from "./compare-and-set.ts";
import { conditionalReads } from "./conditional-reads.ts";
import { conditionalWrites } from "./conditional-writes.ts";
import { diffs } from "./diffs.ts";
import { documentation } from "./documentation.ts";
import { door } from "./door.ts";
import { effectiveValues } from "./effective-values.ts";
import { entryLists } from "./entry-lists.ts";
import { environments } from "./environments.ts";
import { everyRoute } from "./every-route.ts";
import { givingAccess } from "./giving-access.ts";
import { guardRails } from "./guard-rails.ts";
import { hiddenEntries } from "./hidden-entries.ts";
import { hiddenWrites } from "./hidden-writes.ts";
import { histories } from "./histories.ts";
import { idempotency } from "./idempotency.ts";
import { leases } from "./leases.ts";
import { malformedChanges } from "./malformed-changes.ts";
import { newApiKeys } from "./new-api-keys.ts";
import { outbox } from "./outbox.ts";
import { pastReads } from "./past-reads.ts";
import { reads } from "./reads.ts";
import { roles } from "./roles.ts";
import { rollbacks } from "./rollbacks.ts";
import { schemas } from "./schemas.ts";
import { scopeDefaults } from "./scope-defaults.ts";
import { seedEntries } from "./seed-entries.ts";
import { seedServiceHistory } from "./seed-service-history.ts";
import { seedServices } from "./seed-services.ts";
import { seedValidation } from "./seed-validation.ts";
import { valueLimits } from "./value-limits.ts";
import { webhooks } from "./webhooks.ts";

/** A running server, started with `conformanceSettings` on a database of its own. */
export interface ServerUnderTest {
  readonly url: string;
  readonly adminKey: string;
  stop(): Promise<void>;
  /** What it has written so far: shown if a test fails. */
  output?(): string;
}

/** Some of the suite's tests. They may run in any order, but one at a time. */
export type Area = (api: Api, server: () => ServerUnderTest) => void;

const areas: readonly Area[] = [
  documentation,
  authentication,
  apiKeys,
  newApiKeys,
  badApiKeys,
  givingAccess,
  roles,
  door,
  everyRoute,
  accessBattery,
  hiddenEntries,
  hiddenWrites,
  scopeDefaults,
  changes,
  malformedChanges,
  compareAndSet,
  effectiveValues,
  schemas,
  guardRails,
  valueLimits,
  histories,
  diffs,
  rollbacks,
  entryLists,
  environments,
  reads,
  pastReads,
  conditionalReads,
  conditionalWrites,
  idempotency,
  outbox,
  leases,
  webhooks,
  seedServices,
  seedServiceHistory,
  seedValidation,
  seedEntries,
  badParameters,
  badJson,
  badYaml,
  bodyLimits,
  // Last, since they read what the others left in the log.
  auditLog,
  auditRefusals,
  auditors,
];

/**
 * Holds a server to the HTTP contract, whatever it runs on. Every answer is checked against the
 * server's own OpenAPI document on the way.
 *
 * @param more areas that only some runtimes can be held to
 */
export const conformanceSuite = (
  name: string,
  start: () => Promise<ServerUnderTest>,
  more: readonly Area[] = [],
): void => {
  describe(`Fairlead on ${name}`, () => {
    let running: ServerUnderTest | undefined;
    let check: ContractCheck | undefined;
    let failed = false;
    const server = (): ServerUnderTest => {
      if (running === undefined) throw new Error("the server has not started");
      return running;
    };
    const api = createApi(server, (request, reply) => check?.(request, reply));

    beforeAll(async () => {
      running = await start();
      const { body } = await api.get<OpenApiDocument>("/openapi.json");
      check = createContractCheck(body);
    });
    afterEach(({ task }) => {
      failed ||= task.result?.state === "fail";
    });
    afterAll(async () => {
      await running?.stop();
      if (failed) console.error(`The server wrote:\n${running?.output?.() ?? "nothing known"}`);
    });

    for (const area of [...areas, ...more]) area(api, server);
  });
};
