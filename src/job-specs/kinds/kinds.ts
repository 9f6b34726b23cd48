import type { Disclosures, Kind } from "../../changes/kind.ts";
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
      scope: ({ app = "", environment = "" }) => ({ app, environment }),
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

/** A job spec shows runtimes, and who may read it, what those may not read by themselves. */
const disclosures = (attestation: Attestation): Disclosures => {
  const { app = "", components, environment = "", template } = attestation;
  return {
    basis: [app, environment, components, template === undefined ? [] : [template]],
    values: () =>
      compileTemplate(template ?? null).configKeys.map((key) => ({
        path: "value.template",
        kind: "config",
        app,
        environment,
        key,
      })),
    entries: components.map((key, index) => ({
      path: `value.components.${index}`,
      kind: "component",
      key,
    })),
  };
};
