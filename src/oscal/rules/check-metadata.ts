import type { z } from "zod";
import type { backMatter, metadata } from "../shapes/common.ts";
import { createIndex, type Index, type Report } from "./report.ts";

interface Body {
  readonly metadata: z.output<typeof metadata>;
  readonly "back-matter"?: z.output<typeof backMatter>;
}

/** Roles and parties are there once, and the responsible parties name those that are there. */
const checkParties = ({ metadata: { parties, roles, ...rest } }: Body, report: Report): void => {
  const roleIds = createIndex(report, "id");
  const partyUuids = createIndex(report, "uuid");
  for (const [index, { id }] of (roles ?? []).entries()) {
    roleIds.add(id, ["metadata", "roles", index, "id"]);
  }
  for (const [index, { uuid }] of (parties ?? []).entries()) {
    partyUuids.add(uuid, ["metadata", "parties", index, "uuid"]);
  }
  for (const [index, party] of (rest["responsible-parties"] ?? []).entries()) {
    const path = ["metadata", "responsible-parties", index];
    const role = party["role-id"];
    if (!roleIds.has(role))
      report.add([...path, "role-id"], `names the role ${role}, which is not there`);
    for (const [at, uuid] of party["party-uuids"].entries()) {
      if (partyUuids.has(uuid)) continue;
      report.add([...path, "party-uuids", at], `names the party ${uuid}, which is not there`);
    }
  }
};

/** The rules of OSCAL for what every model begins and ends with. @returns the resources, by UUID */
export const checkMetadata = (body: Body, report: Report): Index => {
  checkParties(body, report);
  const resources = createIndex(report, "uuid");
  for (const [index, { uuid }] of (body["back-matter"]?.resources ?? []).entries()) {
    resources.add(uuid, ["back-matter", "resources", index, "uuid"]);
  }
  return resources;
};
