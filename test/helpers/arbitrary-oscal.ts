import * as fc from "fast-check";
import type { Json, JsonObject } from "../../src/platform/json.ts";
import { arbitraryJson } from "./arbitrary-json.ts";

const hex = (length: number) =>
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdef".split("")),
    minLength: length,
    maxLength: length,
  });

const uuid = fc
  .tuple(hex(8), hex(4), hex(3), hex(3), hex(12))
  .map(([a, b, c, d, e]) => `${a}-${b}-4${c}-a${d}-${e}`);

const text = fc.oneof(
  fc.constantFrom("", " ", "Title", " spaced ", "ü€😀", "x".repeat(1_100), "a\nb"),
  fc.string({ maxLength: 30 }).filter((value) => value.isWellFormed() && !value.includes("\0")),
);

/** Members that the mapping knows nothing of. */
const extras = fc.dictionary(
  fc.constantFrom("remarks", "x-extra", "class", "oscal"),
  arbitraryJson,
  {
    maxKeys: 2,
    noNullPrototype: true,
  },
);

const metadata = fc.record({ title: text, extras }).map(({ extras: more, title }) => ({
  ...more,
  title,
  "last-modified": "2024-02-13T17:43:40.74643Z",
  version: "1",
  "oscal-version": "1.1.2",
}));

type Tree = {
  readonly title: string;
  readonly extras: JsonObject;
  readonly inner?: readonly Tree[];
};

const controls = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record(
    {
      title: text,
      extras,
      inner: fc.array(tie("tree"), { maxLength: 3, depthIdentifier: "controls", size: "small" }),
    },
    { requiredKeys: ["title", "extras"] },
  ) as fc.Arbitrary<Tree>,
})).tree;

interface GroupTree {
  readonly title: string;
  readonly extras: JsonObject;
  readonly hasId: boolean;
  readonly controls?: readonly Tree[];
  readonly groups?: readonly GroupTree[];
}

const groups = fc.letrec<{ group: GroupTree }>((tie) => ({
  group: fc.record(
    {
      title: text,
      extras,
      hasId: fc.boolean(),
      controls: fc.array(controls, { maxLength: 3 }),
      groups: fc.array(tie("group"), { maxLength: 2, depthIdentifier: "groups", size: "small" }),
    },
    { requiredKeys: ["title", "extras", "hasId"] },
  ) as fc.Arbitrary<GroupTree>,
})).group;

/** Gives each control and group an id of its own, in no alphabetical order. */
const numbered = () => {
  let next = 100;
  const id = (): string => {
    next -= 1;
    return `c-${next > 0 ? next : 1_000 - next}`;
  };
  const control = ({ extras: more, inner, title }: Tree): Json => ({
    ...more,
    id: id(),
    title,
    ...(inner === undefined ? {} : { controls: inner.map(control) }),
  });
  const group = ({ hasId, title, ...tree }: GroupTree): Json => ({
    ...tree.extras,
    ...(hasId ? { id: `g-${id()}` } : {}),
    title,
    ...(tree.controls === undefined ? {} : { controls: tree.controls.map(control) }),
    ...(tree.groups === undefined ? {} : { groups: tree.groups.map(group) }),
  });
  return { control, group };
};

const head = { uuid, metadata, extras };

const arbitraryCatalog: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      ...head,
      controls: fc.array(controls, { maxLength: 4 }),
      groups: fc.array(groups, { maxLength: 3 }),
    },
    { requiredKeys: ["uuid", "metadata", "extras"] },
  )
  .map(({ controls: top, extras: more, groups: sections, ...rest }) => {
    const { control, group } = numbered();
    return {
      catalog: {
        ...more,
        ...rest,
        ...(top === undefined ? {} : { controls: top.map(control) }),
        ...(sections === undefined ? {} : { groups: sections.map(group) }),
      },
    };
  });

const requirement = fc.record({
  uuid,
  "control-id": fc.constantFrom("ac-1", "ac-2", "zz-9", "_odd"),
  description: text,
});

const implementation = fc.record({
  uuid,
  source: fc.constant("#catalog"),
  description: text,
  "implemented-requirements": fc.array(requirement, { maxLength: 3 }),
});

const component = fc
  .record(
    {
      extras,
      uuid,
      type: fc.constantFrom("software", "service"),
      title: text,
      description: text,
      "control-implementations": fc.array(implementation, { maxLength: 3 }),
    },
    { requiredKeys: ["extras", "uuid", "type", "title", "description"] },
  )
  .map(({ extras: more, ...rest }) => ({ ...more, ...rest }));

const arbitraryComponentDefinition: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      ...head,
      components: fc.uniqueArray(component, { maxLength: 4, selector: (one) => one.uuid }),
    },
    { requiredKeys: ["uuid", "metadata", "extras"] },
  )
  .map(({ extras: more, ...rest }) => ({ "component-definition": { ...more, ...rest } }));

const subject = fc.record(
  {
    type: fc.constantFrom("component", "user"),
    "include-all": fc.constant({}),
    "include-subjects": fc.array(
      fc.record({ "subject-uuid": uuid, type: fc.constant("component") }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ["type"] },
);

const task = fc.record({ uuid, type: fc.constant("action"), title: text, remarks: text });

const arbitraryAssessmentPlan: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      ...head,
      "import-ssp": fc.constant({ href: "ssp.json" }),
      "reviewed-controls": fc.constant({ "control-selections": [{ "include-all": {} }] }),
      "assessment-subjects": fc.array(subject, { maxLength: 3 }),
      tasks: fc.uniqueArray(task, { maxLength: 3, selector: (one) => one.uuid }),
    },
    { requiredKeys: ["uuid", "metadata", "extras", "import-ssp", "reviewed-controls"] },
  )
  .map(({ extras: more, ...rest }) =>
    structuredClone<JsonObject>({ "assessment-plan": { ...more, ...rest } as unknown as Json }),
  );

/** Valid documents of any model, with members that OSCAL does not know. */
export const arbitraryOscal: fc.Arbitrary<JsonObject> = fc.oneof(
  arbitraryCatalog,
  arbitraryComponentDefinition,
  arbitraryAssessmentPlan,
);
