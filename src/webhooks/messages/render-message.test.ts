import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryJson } from "../../../test/helpers/arbitrary-json.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { changeEvent, disabledEvent, testEvent } from "../event-types.ts";
import type { EventData, ToldChange } from "./message.ts";
import { renderMessage } from "./render-message.ts";

const change: ToldChange = {
  op: "put",
  kind: "config",
  app: "payments",
  environment: "production",
  key: "db.pool.size",
  version: 4,
  before: 10,
  after: 20,
};

const messageOf = (
  format: "cloudevents" | "slack" | "teams",
  data: EventData,
  { payload = "thin", type = changeEvent }: { payload?: "thin" | "full"; type?: string } = {},
) => {
  const event = { id: "e-42", type, source: "/fairlead", time: "2026-01-31T12:00:00Z", data };
  return renderMessage({ format, payload, event });
};

type Told = [data: EventData, options?: Parameters<typeof messageOf>[2]];

const cloudEventOf = (...told: Told) =>
  JSON.parse(messageOf("cloudevents", ...told).body) as { readonly data: EventData };
const slackOf = (...told: Told) => JSON.parse(messageOf("slack", ...told).body) as SlackBody;
const teamsOf = (...told: Told) => JSON.parse(messageOf("teams", ...told).body) as TeamsBody;

interface SlackBody {
  readonly text: string;
  readonly mrkdwn: boolean;
  readonly blocks: readonly { readonly text: { readonly type: string; readonly text: string } }[];
}

interface TeamsBody {
  readonly attachments: readonly {
    readonly content: {
      readonly body: readonly {
        readonly type: string;
        readonly inlines: readonly { readonly type: string; readonly text: string }[];
      }[];
    };
  }[];
}

const runsOf = ({ attachments }: TeamsBody) =>
  attachments.flatMap(({ content }) => content.body.flatMap(({ inlines }) => inlines));

/** Words that some reader of messages takes for more than words. */
const markup = fc.constantFrom(
  "*bold*",
  "_i_",
  "~s~",
  "`c`",
  "```",
  "<!channel>",
  "<@U1>",
  "<https://evil|x>",
  "&lt;",
  ":smile:",
  "[a](https://evil)",
  "**b**",
  "# h",
  "- l",
  "\n> q",
  "<at>x</at>",
  "{{DATE(2020-01-01)}}",
  "${x}",
  "{{{",
  "}}}",
  "\u202e",
  "\u0000",
  "\ud800",
  "\u2028",
  '"',
  "\\",
  "</script>",
);
const outside = fc
  .array(fc.oneof(markup, fc.string({ unit: "binary", maxLength: 20 })), { maxLength: 20 })
  .map((parts) => parts.join(""));

const arbitraryChange: fc.Arbitrary<ToldChange> = fc.record(
  {
    op: fc.constantFrom("put", "delete"),
    kind: outside,
    app: fc.option(outside),
    environment: fc.option(outside),
    key: outside,
    version: fc.nat(),
    before: arbitraryJson,
    after: fc.oneof(arbitraryJson, outside),
  },
  { requiredKeys: ["op", "kind", "app", "environment", "key", "version"] },
);

const arbitraryData: fc.Arbitrary<EventData> = fc.oneof(
  fc.record({
    revision: fc.nat(),
    message: outside,
    changes: fc.array(arbitraryChange, { maxLength: 40 }),
  }),
  fc
    .dictionary(outside, fc.oneof(outside, fc.integer(), fc.boolean()), { maxKeys: 30 })
    .filter((data) => !Object.hasOwn(data, "changes")),
);

const arbitraryOptions = fc.record({
  payload: fc.constantFrom("thin", "full"),
  type: fc.oneof(fc.constantFrom(changeEvent, disabledEvent, testEvent), outside),
});

/** Whatever moves, hides or breaks what stands around it. */
const invisible = /[^\P{C}\n]|[\u2028\u2029]/u;

describe("whatever is in keys, values and messages", () => {
  it("a CloudEvent says it as it is", () => {
    fc.assert(
      fc.property(arbitraryData, (data) => {
        const { data: told } = cloudEventOf(data, { payload: "full" });
        expect(told).toEqual(JSON.parse(JSON.stringify(data)));
      }),
      { numRuns: 200 * effort },
    );
  });

  it("Slack shows it as plain words, within its limits", () => {
    fc.assert(
      fc.property(arbitraryData, arbitraryOptions, (data, options) => {
        const { blocks, mrkdwn, text } = slackOf(data, options);
        expect(mrkdwn).toBe(false);
        expect(blocks.length).toBeLessThanOrEqual(50);
        expect(text.length).toBeLessThanOrEqual(40_000);
        for (const block of blocks) {
          expect(block.text).toMatchObject({ type: "plain_text", emoji: false });
          expect(block.text.text.length).toBeLessThanOrEqual(3_000);
          expect(block.text.text).not.toBe("");
        }
        for (const shown of [text, ...blocks.map((block) => block.text.text)]) {
          expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
          expect(shown).not.toMatch(invisible);
        }
      }),
      { numRuns: 300 * effort },
    );
  });

  it("Teams shows it in runs of plain text, within its limits", () => {
    fc.assert(
      fc.property(arbitraryData, arbitraryOptions, (data, options) => {
        const message = messageOf("teams", data, options);
        const runs = runsOf(JSON.parse(message.body) as TeamsBody);
        expect(Buffer.byteLength(message.body)).toBeLessThanOrEqual(28 * 1_024);
        for (const { text, type } of runs) {
          expect(type).toBe("TextRun");
          expect(text).not.toMatch(/\{\{|\}\}|\$\{/);
          expect(text).not.toMatch(invisible);
        }
        // Only a TextBlock reads Markdown.
        expect(message.body).not.toContain('"TextBlock"');
      }),
      { numRuns: 300 * effort },
    );
  });
});

describe("a CloudEvent", () => {
  it("is of version 1.0, structured", () => {
    const { contentType } = messageOf("cloudevents", { revision: 42 });
    expect(contentType).toBe("application/cloudevents+json; charset=utf-8");
    expect(cloudEventOf({ revision: 42 })).toEqual({
      specversion: "1.0",
      id: "e-42",
      source: "/fairlead",
      type: changeEvent,
      time: "2026-01-31T12:00:00Z",
      datacontenttype: "application/json",
      data: { revision: 42 },
    });
  });

  it("has values only where they were asked for", () => {
    const { after: _, before: __, ...thin } = change;
    const data = { revision: 42, changes: [change] };
    expect(cloudEventOf(data)).toMatchObject({ data: { revision: 42, changes: [thin] } });
    expect(messageOf("cloudevents", data).body).not.toMatch(/before|after/);
    expect(cloudEventOf(data, { payload: "full" })).toMatchObject({ data });
  });

  it("over 256 KiB goes without values, and says so", () => {
    const changes = [{ ...change, after: "é".repeat(131_072) }];
    const { data } = cloudEventOf({ changes }, { payload: "full" });
    expect(data).toMatchObject({ truncated: true, changes: [{ key: change.key }] });
    expect(data.changes?.[0]).not.toHaveProperty("after");
  });

  it("of too many changes has as many as there is room for, and says how many there are", () => {
    const changes = Array.from({ length: 10_000 }, (_, index) => ({ ...change, key: `k${index}` }));
    for (const payload of ["thin", "full"] as const) {
      const { body } = messageOf("cloudevents", { revision: 42, changes }, { payload });
      const { data } = JSON.parse(body) as { data: EventData };
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(256 * 1_024);
      expect(Buffer.byteLength(body)).toBeGreaterThan(255 * 1_024);
      expect(data).toMatchObject({ revision: 42, truncated: true, changesTotal: 10_000 });
      expect(data.changes?.map(({ key }) => key)).toEqual(
        changes.slice(0, data.changes?.length).map(({ key }) => key),
      );
    }
  });
});

describe("a message for people", () => {
  const data = { revision: 42, message: "raise <the> pool & more", changes: [change] };

  it("says what changed, with values where they were asked for", () => {
    const line = "put config db.pool.size in payments/production, version 4";
    expect(slackOf(data).text).toBe(
      `Revision 42: 1 change\nraise &lt;the&gt; pool &amp; more\n${line}`,
    );
    expect(slackOf(data, { payload: "full" }).text).toContain(`${line}: 10 → 20`);
    const runs = runsOf(teamsOf(data, { payload: "full" }));
    expect(runs.map(({ text }) => text)).toEqual([
      "Revision 42: 1 change",
      "raise <the> pool & more",
      `${line}: 10 → 20`,
    ]);
  });

  it("has no empty line where there are no words", () => {
    const { blocks, text } = slackOf({ ...data, message: "\u0000\u202e " });
    expect(text.split("\n")).toHaveLength(2);
    expect(blocks).toHaveLength(2);
  });

  it("says of other events what they hold, and of long ones how much is left out", () => {
    const held = { webhookId: "w-1", reason: "gone", more: { deep: true } };
    expect(slackOf(held, { type: disabledEvent }).text).toBe(
      "A webhook was disabled\nwebhookId: w-1\nreason: gone",
    );
    const changes = Array.from({ length: 100 }, () => change);
    const { text } = slackOf({ revision: 42, changes });
    expect(text.split("\n")).toHaveLength(21);
    expect(text).toMatch(/and 81 more$/);
  });
});
