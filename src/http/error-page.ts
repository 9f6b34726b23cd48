import { catalogue, type ErrorCode } from "../errors.ts";
import { errorCodes, isErrorCode } from "./docs/error-codes.ts";
import { formatJson } from "./docs/json-text.ts";
import { type Markup, markup, renderText } from "./docs/markup.ts";
import { renderPage } from "./docs/page.ts";
import { exampleProblem } from "./docs/problem-example.ts";

const renderCode = (code: ErrorCode): Markup => {
  const { status, title, meaning, remedy } = catalogue[code];
  return markup`<h1><code>${code}</code></h1>
<p class="lead">${title}. The status is <span class="status error">${status}</span>.</p>
<h2>What it means</h2>
${renderText(meaning)}
<h2>What to do</h2>
${renderText(remedy)}
<h2>An example</h2>
<pre><code>${formatJson(exampleProblem(code))}</code></pre>`;
};

/** The page of one error code, in HTML; undefined for a code that the catalogue does not have. */
export const renderErrorPage = (code: string): string | undefined =>
  isErrorCode(code)
    ? renderPage({
        title: `${code}: ${catalogue[code].title}`,
        description: catalogue[code].meaning,
        main: renderCode(code),
      })
    : undefined;

const renderRow = (code: ErrorCode): Markup =>
  markup`<tr role="row"><th role="rowheader" scope="row"><a href="/docs/errors/${code}"><code>${code}</code></a></th><td role="cell" data-label="Status">${catalogue[code].status}</td><td role="cell" data-label="Title">${catalogue[code].title}</td></tr>`;

/** The list of all error codes, each with a link to its page. */
export const renderErrorIndex = (): string =>
  renderPage({
    title: "Error codes",
    description: "What each error code means, and what to do.",
    main: markup`<h1>Error codes</h1>
<p class="lead">Every error is a problem document (<code>application/problem+json</code>) with one of these codes; its <code>type</code> leads to the code’s page.</p>
<table role="table"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Code</th><th role="columnheader" scope="col">Status</th><th role="columnheader" scope="col">Title</th></tr></thead><tbody role="rowgroup">${errorCodes.map(renderRow)}</tbody></table>`,
  });
