import * as fc from "fast-check";
import type { Change, Operation } from "../../src/changes/change-set.ts";
import type { Json, JsonObject } from "../../src/platform/json.ts";
import { jsonEqual } from "../../src/platform/json.ts";
import { ifConstruct } from "./if-construct.ts";
import { naiveResolve } from "./naive-resolve.ts";

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

const controls = names("control", 4);
const components = names("component", 3);
const assessments = names("assessment", 2);
const attestations = names("attestation", 5);
const configKeys = ["k0", "k1", "k2"];

const title = fc.constantFrom("one", "two");
const global = { app: "", environment: "" };
const scopes = fc.constantFrom(
  global,
  { app: "shop", environment: "" },
  { app: "", environment: "production" },
  { app: "shop", environment: "production" },
);

/** What templates say, beside what they mean: see `specOf`. */
const templates: Readonly<Record<string, Json>> = {
  loop: {
    title: "${assessment.title}",
    list: [
      {
        $each: "components",
        as: "c",
        render: ifConstruct("c.controls", "${c.key}=${c.title}"),
      },
    ],
  },
  config: {
    first: { $get: "config.k0", default: "none" },
    second: ifConstruct("config.k1", "${config.k2}"),
  },
};

const putOf = (kind: string, keys: string[], value: fc.Arbitrary<JsonObject>) =>
  fc
    .tuple(fc.constantFrom(...keys), value)
    .map(([key, made]): Operation => ({ op: "put", kind, ...global, key, value: made }));

const attestationValue = fc
  .record({
    title,
    assessment: fc.constantFrom(...assessments),
    components: fc.subarray(components),
    template: fc.constantFrom("none", "loop", "config"),
    scope: scopes,
  })
  .map(({ scope, template, ...value }): JsonObject => {
    const made: JsonObject = { ...value };
    if (template !== "none") made["template"] = templates[template] ?? null;
    if (scope.app !== "") made["app"] = scope.app;
    if (scope.environment !== "") made["environment"] = scope.environment;
    return made;
  });

const configValue = fc.constantFrom<Json>("x", "", 0, { a: 1 }, { a: 2, b: null }, []);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  putOf("control", controls, fc.record({ title })),
  putOf("component", components, fc.record({ title, controls: fc.subarray(controls) })),
  putOf("assessment", assessments, fc.record({ title, components: fc.subarray(components) })),
  { weight: 3, arbitrary: putOf("attestation", attestations, attestationValue) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...configKeys),
        scopes,
        configValue,
        fc.constantFrom<"replace" | "deep">("replace", "deep"),
      )
      .map(
        ([key, scope, value, merge]): Operation => ({
          op: "put",
          kind: "config",
          ...scope,
          key,
          value,
          merge,
        }),
      ),
  },
  fc
    .constantFrom(
      ...controls.map((key) => ({ kind: "control", key })),
      ...components.map((key) => ({ kind: "component", key })),
      ...attestations.map((key) => ({ kind: "attestation", key })),
    )
    .map((name): Operation => ({ op: "delete", ...global, ...name })),
  fc
    .tuple(fc.constantFrom(...configKeys), scopes)
    .map(([key, scope]): Operation => ({ op: "delete", kind: "config", ...scope, key })),
);

/** The first change sets mostly make what others name, so that what follows is not refused. */
export const graphOperations: fc.Arbitrary<Operation[]> = fc.oneof(
  fc.uniqueArray(operation, { minLength: 1, maxLength: 4, selector: idOf }),
  fc.tuple(
    ...controls.map((key) => putOf("control", [key], fc.record({ title }))),
    ...components.map((key) =>
      putOf("component", [key], fc.record({ title, controls: fc.subarray(controls) })),
    ),
    ...assessments.map((key) =>
      putOf("assessment", [key], fc.record({ title, components: fc.constant([]) })),
    ),
    putOf("attestation", attestations, attestationValue),
  ),
);

interface EntryName {
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
}

function idOf({ app, environment, key, kind }: EntryName): string {
  return `${kind}/${app ?? ""}/${environment ?? ""}/${key}`;
}

interface Stored {
  readonly value: Json;
  readonly merge: "replace" | "deep";
}

interface PlainSpec {
  readonly attestation: string;
  version: number;
  spec: Json;
  error: string | null;
}

/** Definitions and configuration in a map, and what is rendered of them, without any care for cost. */
export const createPlainGraph = () => {
  const entries = new Map<string, Stored>();
  const specs = new Map<string, PlainSpec>();
  /** What each spec was made from when it was rendered last. */
  let dependencies = new Map<string, readonly EntryName[]>();

  const definition = (kind: string, key: string): JsonObject =>
    (entries.get(idOf({ kind, ...global, key }))?.value ?? {}) as JsonObject;
  const live = (): string[] =>
    attestations.filter((key) => entries.has(idOf({ kind: "attestation", ...global, key })));

  const effective = (key: string, attestation: JsonObject): Json | undefined => {
    const app = textOf(attestation, "app");
    const environment = textOf(attestation, "environment");
    const positions: [string, string][] = [
      ["", ""],
      ["", environment],
      [app, ""],
      [app, environment],
    ];
    const chain = positions.map(([owner, where]) =>
      entries.get(idOf({ kind: "config", app: owner, environment: where, key })),
    );
    // Where the position has no app or no environment, a scope stands in the list twice.
    return naiveResolve([...new Set(chain)].flatMap((entry) => entry ?? []))?.value;
  };

  return {
    apply(operations: readonly Operation[]): void {
      for (const one of operations) {
        if (one.op === "delete") entries.delete(idOf(one));
        else entries.set(idOf(one), { value: one.value, merge: one.merge ?? mergeOf(one) });
      }
    },

    /** Whose job spec was made from what changes, or that change themselves. */
    touchedBy(changes: readonly Change[]): string[] {
      return attestations.filter((name) =>
        changes.some(
          (change) =>
            (change.kind === "attestation" && change.key === name) ||
            (dependencies.get(name) ?? []).some((one) => concerns(change, one)),
        ),
      );
    },

    renderAll(): PlainSpec[] {
      for (const name of specs.keys()) if (!live().includes(name)) specs.delete(name);
      dependencies = new Map(
        live().map((name) => [name, dependenciesOf(name, definition, effective)]),
      );
      for (const name of live()) {
        const known = specs.get(name) ?? { attestation: name, version: 0, spec: null, error: null };
        specs.set(name, known);
        const spec = specOf(name, definition, effective);
        known.error = spec === undefined ? "there is no config.k2" : null;
        if (spec === undefined || (known.version > 0 && jsonEqual(spec, known.spec))) continue;
        known.version += 1;
        known.spec = spec;
      }
      return live().flatMap((name) => specs.get(name) ?? []);
    },
  };

  function mergeOf(name: EntryName): "replace" | "deep" {
    return entries.get(idOf(name))?.merge ?? "replace";
  }
};

type Definition = (kind: string, key: string) => JsonObject;
type Effective = (key: string, attestation: JsonObject) => Json | undefined;

const concerns = (change: Change, one: EntryName): boolean =>
  change.kind === one.kind &&
  change.key === one.key &&
  (change.app === null || change.app === one.app) &&
  (change.environment === null || change.environment === one.environment);

const textOf = (value: JsonObject, member: string): string => (value[member] ?? "") as string;

const listOf = (value: Json | undefined): string[] => (value ?? []) as string[];

const controlsOf = (attestation: JsonObject, definition: Definition): string[] =>
  controls.filter((key) =>
    listOf(attestation["components"]).some((component) =>
      listOf(definition("component", component)["controls"]).includes(key),
    ),
  );

const counts = (value: Json | undefined): boolean =>
  value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);

const dependenciesOf = (key: string, definition: Definition, effective: Effective): EntryName[] => {
  const attestation = definition("attestation", key);
  const { template } = attestation;
  const entry = (kind: string) => (name: string) => ({ kind, ...global, key: name });
  const made = [
    entry("attestation")(key),
    entry("assessment")(textOf(attestation, "assessment")),
    ...listOf(attestation["components"]).map(entry("component")),
    ...controlsOf(attestation, definition).map(entry("control")),
  ];
  if (!jsonEqual(template, templates["config"])) return made;
  const asked = counts(effective("k1", attestation)) ? ["k0", "k1", "k2"] : ["k0", "k1"];
  const app = textOf(attestation, "app");
  const environment = textOf(attestation, "environment");
  const scope = { kind: "config", app, environment };
  return [...made, ...asked.map((name) => ({ ...scope, key: name }))];
};

/** What an attestation's template means; undefined where something that it names is missing. */
const specOf = (key: string, definition: Definition, effective: Effective): Json | undefined => {
  const attestation = definition("attestation", key);
  const { assessment, template, ...rest } = attestation;
  const named =
    (kind: string) =>
    (name: string): JsonObject => ({ key: name, ...definition(kind, name) });
  const examined = listOf(attestation["components"]).map(named("component"));
  const assessed = named("assessment")(textOf(attestation, "assessment"));
  if (jsonEqual(template, templates["loop"])) {
    const used = examined.filter((one) => listOf(one["controls"]).length > 0);
    return {
      title: assessed["title"] ?? null,
      list: used.map((one) => `${textOf(one, "key")}=${textOf(one, "title")}`),
    };
  }
  if (jsonEqual(template, templates["config"])) {
    const first = effective("k0", attestation) ?? "none";
    if (!counts(effective("k1", attestation))) return { first };
    const second = effective("k2", attestation);
    return second === undefined ? undefined : { first, second };
  }
  return {
    attestation: { key, assessment: assessment ?? null, ...rest },
    assessment: assessed,
    components: examined,
    controls: controlsOf(attestation, definition).map(named("control")),
  };
};
