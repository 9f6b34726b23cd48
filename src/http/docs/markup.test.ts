import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { markup, renderInline, renderText } from "./markup.ts";

describe("descriptions", () => {
  it("know code, emphasis and links to safe places", () => {
    expect(renderInline("`a<b` is **`bold`**, [here](https://x.org/?a=1&b=2)").toString()).toBe(
      '<code>a&lt;b</code> is <strong><code>bold</code></strong>, <a href="https://x.org/?a=1&amp;b=2">here</a>',
    );
    expect(renderInline("[no](javascript:alert)").toString()).toBe("[no](javascript:alert)");
  });

  it("know paragraphs, lists and fenced code", () => {
    const source = "One\nline.\n\nTwo:\n- a\n  still a\n- b\n\n```json\n{\n\n- }\n```\nAfter";
    expect(renderText(source)?.toString()).toBe(
      '<div class="text"><p>One\nline.</p><p>Two:</p><ul><li>a\n  still a</li><li>b</li></ul>' +
        "<pre><code>{\n\n- }</code></pre><p>After</p></div>",
    );
    expect(renderText("  \n ")).toBeUndefined();
    expect(renderText(undefined)).toBeUndefined();
  });

  it("never let a tag through, and never lose a word", () => {
    const letters = fc.constantFrom(
      "<",
      ">",
      "&",
      '"',
      "`",
      "*",
      "-",
      "[",
      "](",
      ")",
      "\n",
      " ",
      "word",
    );
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 40 }), (parts) => {
        const source = parts.join("");
        const html = renderText(source)?.toString() ?? "";
        const bare = html.replaceAll(
          /<\/?(?:div|p|ul|li|pre|code|strong|a)(?: [a-z]+="[^"<>]*")?>/g,
          "",
        );
        expect(bare).not.toMatch(/[<>]/);
        expect(bare.split("word").length).toBeLessThanOrEqual(source.split("word").length);
      }),
    );
  });
});

describe("markup", () => {
  it("escapes text, keeps markup, and leaves out what is undefined", () => {
    const inner = markup`<b>${"<&>"}</b>`;
    expect(markup`${[inner, "'", 1]}${undefined}`.toString()).toBe("<b>&lt;&amp;&gt;</b>&#39;1");
  });
});
