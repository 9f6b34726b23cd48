import { z } from "zod";
import { type Role, roleShape } from "../../access-shapes.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";

const rolesShape = z.looseObject({ items: z.array(roleShape) });

/** All roles: this list has no pages. */
export const readRoles = async (session: Session): Promise<readonly Role[]> => {
  const { body } = await sendRequest(session, { path: "v1/roles", shape: rolesShape });
  return body.items;
};
