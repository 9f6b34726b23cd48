import { z } from "zod";
import { appName, environmentName, timeShape } from "../http/common-shapes.ts";
import { actions } from "../permissions/actions.ts";

const maxPatternStars = 8;

/** A pattern of names whose letters are `letters`, at most `length` long. */
const patternShape = (letters: string, length: number) =>
  z
    .string()
    .max(length)
    .regex(
      new RegExp(`^[A-Za-z0-9*][*${letters}]*$`),
      "must be a name, in which * may stand for any characters",
    )
    .refine(
      (pattern) => !pattern.includes("**"),
      "must not have two * in a row: one means the same",
    )
    .refine(
      (pattern) => pattern.split("*").length <= maxPatternStars + 1,
      `must not have more than ${maxPatternStars} *`,
    );

const scopePattern = patternShape("A-Za-z0-9._-", 64);
const keyPattern = patternShape("A-Za-z0-9._:-", 256);

export const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, "must be a role: lower-case letters, digits and -")
  .refine((name) => name !== "allow" && name !== "deny", "must not be an effect's name")
  .meta({ example: "viewer" });

/** A grant as it is sent. What is left out is not restricted. */
export const newGrantShape = z
  .strictObject({
    role: roleName,
    effect: z.enum(["allow", "deny"]).default("allow").meta({ description: "A deny always wins" }),
    app: scopePattern.optional().meta({
      description: "Pattern of apps; without it every scope, also the one without an app",
      example: "payments",
    }),
    environment: scopePattern.optional().meta({ example: "production" }),
    kinds: z.array(z.string().max(64)).min(1).max(20).optional(),
    keys: z
      .array(keyPattern)
      .min(1)
      .max(100)
      .optional()
      .meta({ description: "Patterns of keys, any of which may match", example: ["db.*"] }),
  })
  .meta({ id: "NewGrant" });

export const grantShape = z
  .object({
    role: z.string(),
    effect: z.enum(["allow", "deny"]),
    app: z.string().optional(),
    environment: z.string().optional(),
    kinds: z.array(z.string()).optional(),
    keys: z.array(z.string()).optional(),
  })
  .meta({ id: "Grant" });

export const newDefaultsShape = z
  .strictObject({ app: appName.nullish(), environment: environmentName.nullish() })
  .meta({ description: "The scope that a request means where it names none" });

export const defaultsShape = z
  .object({ app: z.string().nullable(), environment: z.string().nullable() })
  .meta({ id: "ScopeDefaults" });

export const actionShape = z.enum(actions).meta({ id: "Action" });

export const optionalTime = timeShape.nullable();

export const apiKeyShape = z
  .object({
    id: z.string().meta({ description: "The public part of the key" }),
    name: z.string(),
    state: z.enum(["active", "expired", "revoked"]),
    grants: z.array(grantShape),
    defaults: defaultsShape,
    createdAt: timeShape,
    createdBy: z.string(),
    expiresAt: optionalTime,
    lastUsedAt: optionalTime.meta({
      description: "Written down now and then, up to a minute late",
    }),
    revokedAt: optionalTime,
    revokedBy: z.string().nullable(),
  })
  .meta({ id: "ApiKey" });

export const roleShape = z
  .object({
    name: z.string(),
    description: z.string(),
    actions: z.array(actionShape),
    builtIn: z.boolean(),
  })
  .meta({ id: "Role" });
