import type { Disclosure, Kind } from "../../changes/kind.ts";
import { compileTemplate } from "../template/compile-template.ts";
import { type DefinitionLimits, definitionKind } from "./definition-kind.ts";
import {
  type Attestation,
  assessmentShape,
  attestationShape,
  componentShape,
  controlShape,
  oscalShape,
} from "./shapes.ts";

/** The kinds of compliance definitions, in the order in which they name each other. */
export const definitionKinds = (limits: DefinitionLimits): readonly Kind[] => [
  definitionKind({ name: "control", shape: controlShape }, limits),
  definitionKind(
    { name: "component", shape: componentShape, references: { controls: "control" } },
    limits,
  ),
  definitionKind(
    { name: "assessment", shape: assessmentShape, references: { components: "component" } },
    limits,
  ),
  definitionKind(
    {
      name: "attestation",
      shape: attestationShape,
      references: { assessment: "assessment", components: "component" },
      check: templateErrors,
      disclosures,
    },
    limits,
  ),
  definitionKind({ name: "oscal", shape: oscalShape }, limits),
];

const templateErrors = ({ template }: Attestation) =>
  template === undefined
    ? []
    : compileTemplate(template).errors.map(({ message, path }) => ({
        path: path === "" ? "template" : `template.${path}`,
        message,
      }));

/** A job spec shows configuration to runtimes that may not read it by themselves. */
const disclosures = ({ app = "", environment = "", template }: Attestation): Disclosure[] => {
  const scope = { kind: "config", app, environment };
  const member = app === "" ? "environment" : "app";
  const keys = template === undefined ? [] : compileTemplate(template).configKeys;
  return [
    { path: `value.${member}`, ...scope },
    ...keys.map((key) => ({ path: "value.template", ...scope, key })),
  ];
};
