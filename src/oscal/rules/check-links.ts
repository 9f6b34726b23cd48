import { isJsonObject, type Json } from "../../platform/json.ts";
import type { Index, Report, Segment } from "./report.ts";

const checkLink = (
  link: Json,
  path: readonly Segment[],
  resources: Index,
  report: Report,
): void => {
  if (!isJsonObject(link) || link["rel"] !== "reference") return;
  const { href } = link;
  if (typeof href !== "string" || !href.startsWith("#") || resources.has(href.slice(1))) return;
  report.add([...path, "href"], `names the resource ${href.slice(1, 61)}, which is not there`);
};

/**
 * Links of rel `reference` that point into the document name a resource of its back matter, as the
 * constraint `index-back-matter-resource` of OSCAL says. Others may point to what a baseline left out.
 */
export const checkLinks = (
  value: Json,
  resources: Index,
  report: Report,
  path: readonly Segment[] = [],
): void => {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries())
      checkLinks(item, resources, report, [...path, index]);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    const at = [...path, name];
    if (name === "links" && Array.isArray(member)) {
      for (const [index, link] of member.entries())
        checkLink(link, [...at, index], resources, report);
    } else checkLinks(member, resources, report, at);
  }
};
