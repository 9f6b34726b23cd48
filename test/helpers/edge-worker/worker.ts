/** The product's Worker with all its objects, whose KV and head authority are as bad as a test orders. */
import type { CopyStore } from "../../../src/edge/authority/copy-documents.ts";
import type { Bindings } from "../../../src/entry/edge/bindings.ts";
import product, {
  HeadAuthority as ProductAuthority,
  StreamHubObject as ProductHub,
} from "../../../src/entry/edge.ts";
import { createOrderedStore, obey } from "./ordered-store.ts";
import type { EdgeOrders } from "./orders.ts";

const store = createOrderedStore();
let authority: Parameters<EdgeOrders["setAuthority"]>[0] = "well";

const withStore = (bindings: Bindings): Bindings => ({
  ...bindings,
  LAYERS: store.over(bindings.LAYERS as unknown as CopyStore) as unknown as KVNamespace,
});

/** As those have them who read: the head authority obeys them alone, publishers reach it all the while. */
const forReaders = (bindings: Bindings): Bindings => {
  const { HEADS } = bindings;
  if (HEADS === undefined) throw new Error("HEADS is not bound");
  const heads = {
    idFromName: (name: string) => HEADS.idFromName(name),
    get: (id: DurableObjectId) => obedient(HEADS.get(id)),
  };
  return { ...withStore(bindings), HEADS: heads as unknown as NonNullable<Bindings["HEADS"]> };
};

type Verbs = Record<string, (...asked: readonly unknown[]) => Promise<unknown>>;

const obedient = (stub: unknown): Verbs =>
  new Proxy({} as Verbs, {
    get:
      (_verbs, verb: string) =>
      async (...asked: readonly unknown[]) => {
        if (verb !== "perform") await obey(authority);
        return (stub as Verbs)[verb]?.(...asked);
      },
  });

/** An isolate is known by its bindings. */
let bindingsOfIsolate: Bindings | undefined;

const orders: EdgeOrders = {
  setStore: (manner, lagSeconds) => store.set(manner, lagSeconds),
  passSeconds: (seconds) => store.passSeconds(seconds),
  setAuthority(manner) {
    authority = manner;
  },
  renewIsolate() {
    bindingsOfIsolate = undefined;
  },
  figures: () => store.figures,
};

export class HeadAuthority extends ProductAuthority {
  constructor(state: DurableObjectState, bindings: Bindings) {
    super(state, withStore(bindings));
  }
}

export class StreamHubObject extends ProductHub {
  constructor(state: DurableObjectState, bindings: Bindings) {
    super(state, forReaders(bindings));
  }
}

const obeyRequest = async (request: Request): Promise<Response> => {
  const [verb, ...given] = (await request.json()) as [keyof EdgeOrders, ...unknown[]];
  const order = orders[verb] as (...given: unknown[]) => unknown;
  return Response.json({ answer: order(...given) ?? null });
};

export default {
  fetch(
    request: Request,
    bindings: Bindings,
    execution: ExecutionContext,
  ): Response | Promise<Response> {
    if (new URL(request.url).pathname === "/orders") return obeyRequest(request);
    bindingsOfIsolate ??= forReaders(bindings);
    return product.fetch(request, bindingsOfIsolate, execution);
  },
};
