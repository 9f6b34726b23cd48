import { describe, expect, it } from "vitest";
import { Problem } from "../errors.ts";
import { errorCodes } from "./docs/error-codes.ts";
import { exampleProblem } from "./docs/problem-example.ts";
import { renderErrorIndex, renderErrorPage } from "./error-page.ts";
import { problemResponse } from "./problem-response.ts";

const silence = (): void => undefined;
const silentLog = { debug: silence, info: silence, warn: silence, error: silence };

describe("the error pages", () => {
  it("lead from the index to a page for every code", () => {
    const index = renderErrorIndex();
    const linked = [...index.matchAll(/href="\/docs\/errors\/(\w+)"/g)].map(([, code]) => code);
    expect(linked).toEqual(errorCodes);
    for (const code of errorCodes) expect(renderErrorPage(code)).toContain(`<code>${code}</code>`);
  });

  it("know no code beyond the catalogue", () => {
    for (const code of ["TEAPOT", "constructor", "__proto__", "", "not_found"]) {
      expect(renderErrorPage(code)).toBeUndefined();
    }
  });

  it("say what the code means and what to do, with the catalogue's code marks as code", () => {
    const page = renderErrorPage("RATE_LIMITED");
    expect(page).toContain("The caller has sent more requests than it may.");
    expect(page).toContain("the number of seconds in <code>Retry-After</code>");
  });

  it.each(errorCodes)("show %s as the service answers it", async (code) => {
    const example = exampleProblem(code);
    const standard = new Set(["type", "title", "status", "detail", "code", "requestId", "errors"]);
    const members = Object.entries(example).filter(([name]) => !standard.has(name));
    const problem = new Problem(code, example.detail, {
      ...(example.errors === undefined ? {} : { errors: example.errors }),
      members: Object.fromEntries(members),
    });
    const response = problemResponse(problem, example.requestId, silentLog);
    expect(response.status).toBe(example.status);
    expect(await response.json()).toEqual(example);
  });
});
