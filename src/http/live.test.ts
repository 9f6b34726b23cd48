import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { answerLive, type LivePiece, type LiveTransport, type Outlet } from "./live.ts";

const pieceOf = (text: string): LivePiece => ({
  bytes: Buffer.from(text),
  messages: [JSON.stringify(text)],
});

/** Opens a live answer the general way, and gives both ends of it. */
const openGeneral = async (method = "GET") => {
  const opened: Outlet[] = [];
  const app = new Hono();
  app.get("/", (c) =>
    answerLive(
      c,
      {},
      { over: "events", open: (outlet) => opened.push(outlet) },
      {
        headers: { "content-type": "text/event-stream" },
      },
    ),
  );
  const response = await app.request("/", { method });
  return { opened, outlet: opened[0]!, response };
};

describe("an event stream over the web's streams", () => {
  it("sends what is written, and ends after it", async () => {
    const { outlet, response } = await openGeneral();
    let closed = 0;
    outlet.onClose(() => {
      closed += 1;
    });
    outlet.write(pieceOf("one "));
    outlet.write(pieceOf("two"));
    outlet.end(0);
    outlet.write(pieceOf("lost"));
    outlet.destroy();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await response.text()).toBe("one two");
    expect(closed).toBe(1);
  });

  it("knows how many bytes the client has not taken", async () => {
    const { outlet, response } = await openGeneral();
    const reader = response.body!.getReader();
    expect(outlet.buffered()).toBe(0);
    outlet.write(pieceOf("ä".repeat(100)));
    outlet.write(pieceOf("b"));
    expect(outlet.buffered()).toBe(201);
    await reader.read();
    expect(outlet.buffered()).toBe(1);
  });

  it("tells when the client goes, and breaks off where it is to", async () => {
    const [gone, broken] = [await openGeneral(), await openGeneral()];
    let closed = 0;
    gone.outlet.onClose(() => {
      closed += 1;
    });
    await gone.response.body!.cancel();
    expect(closed).toBe(1);
    gone.outlet.write(pieceOf("to nobody"));
    broken.outlet.destroy();
    await expect(broken.response.text()).rejects.toThrow("ended");
  });

  it("is not opened for who asks for the head alone", async () => {
    const { opened, response } = await openGeneral("HEAD");
    expect(response.status).toBe(200);
    expect(opened).toEqual([]);
  });
});

describe("a WebSocket", () => {
  const ask = async (transport: LiveTransport, headers: Record<string, string>) => {
    const app = new Hono();
    app.get("/", (c) => answerLive(c, transport, { over: "socket", open: () => {} }, {}));
    app.onError((error) => new Response(error.message, { status: 400 }));
    return (await app.request("/", { headers })).text();
  };

  it("is refused where the request does not ask for it, or the runtime has none", async () => {
    const socket = () => new Response("upgraded");
    expect(await ask({ socket }, {})).toMatch(/^Upgrade: must be websocket/);
    expect(await ask({ socket }, { upgrade: "h2c" })).toMatch(/^Upgrade: must be websocket/);
    expect(await ask({}, { upgrade: "websocket" })).toBe(
      "There are no WebSockets here: use the event stream.",
    );
    expect(await ask({ socket }, { upgrade: "WebSocket" })).toBe("upgraded");
  });
});
