import { join } from "node:path";
import { type EdgeUnderTest, startEdge } from "../start-edge.ts";
import type { EdgeOrders } from "./orders.ts";

type Remote<Orders> = {
  readonly [Verb in keyof Orders]: Orders[Verb] extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Promise<Answer>
    : never;
};

/** An edge whose surroundings a test directs. */
export interface OrderedEdge extends EdgeUnderTest {
  readonly orders: Remote<EdgeOrders>;
}

export const startOrderedEdge = async (
  settings: Readonly<Record<string, string>>,
): Promise<OrderedEdge> => {
  const edge = await startEdge(settings, join(import.meta.dirname, "worker.ts"));
  const orders = new Proxy({} as OrderedEdge["orders"], {
    get:
      (_orders, verb) =>
      async (...given: unknown[]) => {
        const body = JSON.stringify([verb, ...given]);
        const response = await fetch(`${edge.url}/orders`, { method: "POST", body });
        if (!response.ok) throw new Error(`${String(verb)}: ${await response.text()}`);
        return ((await response.json()) as { answer: unknown }).answer;
      },
  });
  return { ...edge, orders };
};
