import { z } from "zod";
import { defineRoute, type Route } from "../../http/route.ts";
import { listPublicKeys } from "./list-public-keys.ts";

const publicKeyShape = z
  .object({
    kty: z.literal("OKP"),
    crv: z.literal("Ed25519"),
    x: z.string().meta({ description: "The public key, base64url" }),
    kid: z.string().meta({ description: "The `keyid` of its signatures" }),
    use: z.literal("sig"),
    alg: z.literal("EdDSA"),
  })
  .meta({ id: "PublicKey" });

export const keyRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/keys",
      operationId: "listPublicKeys",
      policy: "any-key",
      tag: "Job specs",
      summary: "The public keys that job specs are signed with",
      description:
        "A JWK set. Envelopes (DSSE) name the key by its `kid`. Retired keys stay, for what they have signed.",
      responses: {
        200: {
          description: "The keys, newest first",
          schema: z.object({ keys: z.array(publicKeyShape) }).meta({ id: "PublicKeys" }),
          example: {
            keys: [
              {
                kty: "OKP",
                crv: "Ed25519",
                x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                use: "sig",
                alg: "EdDSA",
              },
            ],
          },
        },
      },
      errors: [],
    },
    async (ctx) => ({ body: await listPublicKeys(ctx) }),
  ),
];
