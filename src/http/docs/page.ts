import { raw } from "hono/html";
import { type Markup, markup } from "./markup.ts";
import { stylesheet } from "./style.ts";

export interface Page {
  readonly title: string;
  readonly description: string;
  /** A list of links; the page is then laid out in two columns where there is room. */
  readonly contents?: Markup;
  readonly main: Markup;
}

// The page needs nothing from anywhere: a script or an address smuggled into it stays dead.
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A whole HTML page in the look of /docs: header, contents and main part. */
export const renderPage = ({ title, description, contents, main }: Page): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="${description}">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(stylesheet)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="banner"><strong>Fairlead</strong> <a href="/docs">API reference</a> <a href="/docs/errors">Error codes</a> <a href="/openapi.json">OpenAPI document</a></header>
<div class="page ${contents === undefined ? "plain" : "wide"}">
${contents}
<main id="main" tabindex="-1">
${main}
</main>
</div>
</body>
</html>
`.toString();
