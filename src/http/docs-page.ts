import { keyVariable, serverOf } from "./docs/curl.ts";
import { type Markup, markup, renderText } from "./docs/markup.ts";
import {
  groupByTag,
  type OpenApiDocument,
  type Schema,
  schemaAnchor,
  type TagGroup,
} from "./docs/openapi.ts";
import { renderMethod, renderOperation } from "./docs/operation.ts";
import { renderPage } from "./docs/page.ts";
import { renderSchema } from "./docs/schema-tree.ts";
import { renderSecuritySchemes } from "./docs/security.ts";

export type { OpenApiDocument } from "./docs/openapi.ts";

const schemasAnchor = "schemas";

const renderTagLinks = ({ name, anchor, routes }: TagGroup): Markup =>
  markup`<li><a class="tag" href="#${anchor}">${name}</a><ul>${routes.map(
    (route) =>
      markup`<li><a href="#${route.anchor}">${renderMethod(route.method)} <span>${route.path}</span></a></li>`,
  )}</ul></li>`;

const renderSchemaLinks = (names: readonly string[]): Markup | undefined =>
  names.length === 0
    ? undefined
    : markup`<li><a class="tag" href="#${schemasAnchor}">Schemas</a><ul>${names.map(
        (name) => markup`<li><a class="name" href="#${schemaAnchor(name)}">${name}</a></li>`,
      )}</ul></li>`;

/** Folded on a phone; the style unfolds it for good beside the text where there is room. */
const renderContents = (groups: readonly TagGroup[], schemas: readonly string[]): Markup =>
  markup`<nav class="contents" aria-label="Contents"><details><summary>Contents</summary>
<ul>${groups.map(renderTagLinks)}${renderSchemaLinks(schemas)}</ul></details></nav>`;

const renderIntroduction = (document: OpenApiDocument): Markup => {
  const schemes = renderSecuritySchemes(document);
  return markup`<h1>${document.info.title}</h1>
<p class="lead">Version ${document.info.version}</p>
${renderText(document.info.description)}
${schemes === undefined ? undefined : markup`<h2>Credentials</h2>${schemes}`}
<h2>Trying it</h2>
<p>Every operation has a command to copy, for a service at <code>${serverOf(document)}</code>. Where it needs credentials, it takes them from the shell variable <code>${keyVariable}</code>; on the machine that runs Fairlead, the administrator’s key is in its data directory:</p>
<pre><code>export ${keyVariable}=$(cat .fairlead/admin.key)</code></pre>
<p>Errors are problem documents (<code>application/problem+json</code>). <a href="/docs/errors">Error codes</a> says what each code means and what to do.</p>`;
};

const renderTag = (document: OpenApiDocument, group: TagGroup): Markup =>
  markup`<section aria-labelledby="${group.anchor}">
<h2 id="${group.anchor}">${group.name}</h2>
${renderText(group.description)}
${group.routes.map((route) => renderOperation(document, route))}
</section>`;

const renderSchemas = (
  document: OpenApiDocument,
  schemas: readonly (readonly [string, Schema])[],
): Markup | undefined =>
  schemas.length === 0
    ? undefined
    : markup`<section aria-labelledby="${schemasAnchor}"><h2 id="${schemasAnchor}">Schemas</h2>
${schemas.map(
  ([name, schema]) =>
    markup`<article class="named" aria-labelledby="${schemaAnchor(name)}"><h3 id="${schemaAnchor(name)}"><a href="#${schemaAnchor(name)}">${name}</a></h3>${renderSchema(document, schema)}</article>`,
)}</section>`;

/**
 * The readable API reference: one self-contained HTML page, without scripts or anything to load.
 * It is made from the document alone, so callers may keep the result for the process's life.
 * Commands leave out optional parameters, except `app`, `environment` and those whose parameter
 * object has an `example` of its own.
 */
export const renderDocsPage = (openapi: OpenApiDocument): string => {
  const groups = groupByTag(openapi);
  const schemas = Object.entries(openapi.components?.schemas ?? {});
  return renderPage({
    title: `${openapi.info.title} ${openapi.info.version}: API reference`,
    description: `Reference of the HTTP API of ${openapi.info.title}.`,
    contents: renderContents(
      groups,
      schemas.map(([name]) => name),
    ),
    main: markup`${renderIntroduction(openapi)}
${groups.map((group) => renderTag(openapi, group))}
${renderSchemas(openapi, schemas)}`,
  });
};
