import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { listItems } from "../list-items.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { environmentShape } from "../shapes.ts";
import type { Layer } from "./read-layers.ts";

export interface MissingEnvironments {
  readonly names: readonly string[];
  /** The rank of the first one when they are created: after all that exist. */
  readonly nextRank: number;
}

/** The environments that the layers name and the server does not know, in the order of the files. */
export const findMissingEnvironments = async (
  session: Session,
  layers: readonly Layer[],
): Promise<MissingEnvironments> => {
  const wanted = new Set(layers.flatMap(({ environment }) => environment ?? []));
  if (wanted.size === 0) return { names: [], nextRank: 0 };
  const { items } = await listItems(session, { path: "v1/environments", item: environmentShape });
  const existing = new Set(items.map(({ name }) => name));
  const highest = items.reduce((rank, item) => Math.max(rank, item.rank ?? 0), 0);
  return { names: [...wanted].filter((name) => !existing.has(name)), nextRank: highest + 1 };
};

/** A typing error must not make an environment, so creating one has to be asked for. */
export const refuseMissing = ({ names }: MissingEnvironments): Failure =>
  new Failure(
    exitCodes.notFound,
    {
      title: names.length === 1 ? "An environment does not exist" : "Environments do not exist",
      detail: names.join(", "),
      code: "NOT_FOUND",
    },
    { hint: "--create-environments creates what is missing; `fairlead environments` lists all." },
  );

/** Creates each one; another client that was faster is no error. */
export const createEnvironments = async (
  session: Session,
  { names, nextRank }: MissingEnvironments,
): Promise<void> => {
  for (const [index, name] of names.entries()) {
    try {
      await sendRequest(session, {
        method: "POST",
        path: "v1/environments",
        body: { name, rank: nextRank + index, protected: false },
        shape: environmentShape,
      });
    } catch (error) {
      if (!(error instanceof Failure) || error.exitCode !== exitCodes.conflict) throw error;
    }
  }
};
