import type { ComponentDefinition } from "../shapes/component-definition.ts";
import { createIndex, type Report } from "./report.ts";

/** Components are there once, and capabilities are made of such as are there. */
export const checkComponentDefinition = (body: ComponentDefinition, report: Report): void => {
  const components = createIndex(report, "uuid");
  const capabilities = createIndex(report, "uuid");
  for (const [index, { uuid }] of (body.components ?? []).entries()) {
    components.add(uuid, ["components", index, "uuid"]);
  }
  for (const [index, capability] of (body.capabilities ?? []).entries()) {
    const path = ["capabilities", index];
    capabilities.add(capability.uuid, [...path, "uuid"]);
    // It may be a component of a definition that is imported.
    if (body["import-component-definitions"] !== undefined) continue;
    for (const [at, part] of (capability["incorporates-components"] ?? []).entries()) {
      const uuid = part["component-uuid"];
      if (components.has(uuid)) continue;
      const place = [...path, "incorporates-components", at, "component-uuid"];
      report.add(place, `names the component ${uuid}, which is not there`);
    }
  }
};
