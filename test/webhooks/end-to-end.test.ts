import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, createApi, type Reply } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import {
  isVerified,
  startVerifyingReceiver,
  type VerifiedDelivery,
  type VerifyingReceiver,
} from "../helpers/webhooks/verifying-receiver.ts";

interface ShownWebhook {
  readonly id: string;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
}

interface ShownDelivery {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly status: number | null;
  readonly eventType: string;
}

/** A webhook with its receiver. */
interface Hook {
  readonly id: string;
  readonly path: string;
  readonly secret: string;
  readonly receiver: VerifyingReceiver;
}

const deadlineMs = 180_000;

describe("webhooks of the running product", () => {
  let server: Server;
  let api: Api;
  const receivers: VerifyingReceiver[] = [];

  beforeAll(async () => {
    server = await startServer({ WEBHOOK_ALLOW_PRIVATE: "127.0.0.0/8" }, () => ({
      command: [process.execPath, "src/entry/node.ts"],
    }));
    api = createApi(
      () => server,
      () => {},
    );
  }, deadlineMs);
  afterAll(async () => {
    for (const receiver of receivers) await receiver.stop();
    await server.stop();
  });

  const done = <Body>(reply: Reply<Body>): Body => {
    if (reply.status >= 300) throw new Error(`${reply.status}: ${reply.text}`);
    return reply.body;
  };

  const createHook = async (prefix: string, more: object = {}): Promise<Hook> => {
    const receiver = await startVerifyingReceiver();
    receivers.push(receiver);
    const events = ["dev.fairlead.change.*"];
    const { id, secret } = done(
      await api.post<{ id: string; secret: string }>("/v1/webhooks", {
        url: receiver.url,
        events,
        prefix,
        ...more,
      }),
    );
    receiver.trust(secret);
    return { id, secret, receiver, path: `/v1/webhooks/${id}` };
  };

  /** Changes a key, and answers with the revision. */
  const change = async (key: string, value: unknown): Promise<number> => {
    const operations = [{ op: "put", kind: "config", key, value }];
    return done(await api.post<{ revision: number }>("/v1/changes", { operations })).revision;
  };

  const ofRevision =
    (revision: number, answered = 200) =>
    (delivery: VerifiedDelivery): boolean =>
      delivery.event.data.revision === revision && delivery.answered === answered;

  const deliveriesOf = async ({ path }: Hook): Promise<readonly ShownDelivery[]> =>
    done(await api.get<{ items: ShownDelivery[] }>(`${path}/deliveries`)).items;

  /** Waits until a delivery is shown as it is wanted: what its receiver knows comes a moment earlier. */
  const becomes = async (
    hook: Hook,
    id: string,
    wanted: (delivery: ShownDelivery) => boolean,
  ): Promise<ShownDelivery> => {
    for (;;) {
      const found = (await deliveriesOf(hook)).find((delivery) => delivery.id === id);
      if (found !== undefined && wanted(found)) return found;
      await sleep(50);
    }
  };

  it(
    "are told of tests and of changes, which the standardwebhooks library verifies",
    async () => {
      const hook = await createHook("first.", { payload: "full" });
      const { deliveryId } = done(
        await api.post<{ deliveryId: string }>(`${hook.path}/test`, undefined),
      );
      const test = await hook.receiver.arrives(({ id }) => id === deliveryId);
      expect(test.event.type).toBe("dev.fairlead.webhook.test.v1");
      expect(test.event.data.webhookId).toBe(hook.id);

      const before = await change("other.key", 1);
      const revision = await change("first.key", 20);
      const told = await hook.receiver.arrives(ofRevision(revision));
      expect(told.event.data.changes).toMatchObject([{ key: "first.key", after: 20 }]);
      expect(told.headers).toMatchObject({
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": expect.stringMatching(/^Fairlead-Webhooks\//) as unknown,
      });
      const shown = await becomes(hook, told.id, ({ state }) => state === "delivered");
      expect(shown).toMatchObject({ attempts: 1, status: 200 });

      // What is true of what arrived, and of nothing else.
      const changed = { ...told, body: told.body.replace("first.key", "First.key") };
      const other = { ...told, headers: { ...told.headers, "webhook-id": test.id } };
      expect(isVerified(hook.secret, told)).toBe(true);
      expect([isVerified(hook.secret, changed), isVerified(hook.secret, other)]).toEqual([
        false,
        false,
      ]);
      expect(hook.receiver.deliveries.some(ofRevision(before))).toBe(false);
      expect(hook.receiver.refused).toEqual([]);
    },
    deadlineMs,
  );

  it(
    "are verified by either secret while a rotation lasts, and by the new one alone afterwards",
    async () => {
      const hook = await createHook("second.");
      const rotate = async (overlapSeconds: number): Promise<string> => {
        const reply = await api.post<{ secret: string }>(`${hook.path}/rotate-secret`, {
          overlapSeconds,
        });
        const { secret } = done(reply);
        hook.receiver.trust(secret);
        return secret;
      };
      const secretsOf = async (value: number): Promise<readonly string[]> =>
        (await hook.receiver.arrives(ofRevision(await change("second.key", value)))).secrets;

      expect(await secretsOf(1)).toEqual([hook.secret]);
      // Those that are under way while the secret changes are verified as well.
      const changes = Array.from({ length: 40 }, (_, index) => change(`second.${index}`, index));
      const second = await rotate(600);
      for (const revision of await Promise.all(changes)) {
        await hook.receiver.arrives(ofRevision(revision));
      }
      expect(hook.receiver.refused).toEqual([]);
      expect(await secretsOf(2)).toEqual([hook.secret, second]);
      const third = await rotate(0);
      expect(await secretsOf(3)).toEqual([third]);
      expect(hook.receiver.refused).toEqual([]);
    },
    deadlineMs,
  );

  it(
    "get what they refused again, unchanged, and once more when somebody asks for it",
    async () => {
      const hook = await createHook("third.");
      hook.receiver.answer(500);
      const revision = await change("third.key", 1);
      const failed = await hook.receiver.arrives(ofRevision(revision, 500));
      const waiting = await becomes(hook, failed.id, ({ status }) => status === 500);
      expect(waiting).toMatchObject({ state: "pending", attempts: 1 });

      hook.receiver.answer(200);
      const newer = await change("third.key", 2);
      await hook.receiver.arrives(ofRevision(newer));
      const retried = await hook.receiver.arrives(ofRevision(revision));
      expect([retried.id, retried.body]).toEqual([failed.id, failed.body]);
      const arrived = await becomes(hook, failed.id, ({ state }) => state === "delivered");
      expect(arrived).toMatchObject({ attempts: 2, status: 200 });

      hook.receiver.answer(202);
      const one = await api.post(`${hook.path}/redeliver`, { deliveryId: failed.id });
      expect(done(one)).toEqual({ webhookId: hook.id, redelivered: 1 });
      const repeated = await hook.receiver.arrives(ofRevision(revision, 202));
      expect([repeated.id, repeated.body]).toEqual([failed.id, failed.body]);
      await becomes(hook, failed.id, ({ status }) => status === 202);

      hook.receiver.answer(204);
      const all = await api.post(`${hook.path}/redeliver`, { sinceRevision: revision });
      expect(done(all)).toEqual({ webhookId: hook.id, redelivered: 2 });
      await hook.receiver.arrives(ofRevision(revision, 204));
      await hook.receiver.arrives(ofRevision(newer, 204));
      expect(hook.receiver.refused).toEqual([]);
    },
    deadlineMs,
  );

  it(
    "are disabled where their receiver is gone, and go on with what they are owed",
    async () => {
      const hook = await createHook("fourth.");
      const watcher = await createHook("none.", { events: ["dev.fairlead.webhook.disabled.*"] });
      hook.receiver.answer(410);
      const revision = await change("fourth.key", 1);
      await hook.receiver.arrives(ofRevision(revision, 410));
      const told = await watcher.receiver.arrives(({ event }) => event.data.webhookId === hook.id);
      expect(told.event).toMatchObject({
        type: "dev.fairlead.webhook.disabled.v1",
        data: { reason: "gone" },
      });
      expect(done(await api.get<ShownWebhook>(hook.path))).toMatchObject({
        enabled: false,
        disabledReason: "gone",
      });
      expect(await api.post(`${hook.path}/test`, undefined)).toMatchObject({ status: 409 });

      hook.receiver.answer(200);
      done(await api.patch(hook.path, { enabled: true }));
      await hook.receiver.arrives(ofRevision(revision));
      expect(hook.receiver.refused).toEqual([]);
    },
    deadlineMs,
  );
});
