import { type Markup, markup } from "./markup.ts";
import type { MediaType, OpenApiDocument, Schema } from "./openapi.ts";
import { renderSchema } from "./schema-tree.ts";
import { typeLabel } from "./schema-words.ts";

/** Media types with the same schema, such as JSON and YAML, are shown together. */
const groupBySchema = (
  content: Readonly<Record<string, MediaType>>,
): { readonly names: readonly string[]; readonly schema: Schema | undefined }[] => {
  const groups = new Map<string, { names: readonly string[]; schema: Schema | undefined }>();
  for (const [name, media] of Object.entries(content)) {
    const id = JSON.stringify(media.schema ?? null);
    const names = groups.get(id)?.names ?? [];
    groups.set(id, { names: [...names, name], schema: media.schema });
  }
  return [...groups.values()];
};

/** The schema of a body for each of its media types; by its type alone if the rest was shown before. */
export const renderContent = (
  document: OpenApiDocument,
  content: Readonly<Record<string, MediaType>> | undefined,
  extent: "full" | "type" = "full",
): Markup[] =>
  groupBySchema(content ?? {}).map(
    ({ names, schema }) =>
      markup`<p class="media">${names.map((name) => markup`<code>${name}</code> `)}</p>${
        schema === undefined
          ? undefined
          : extent === "full"
            ? renderSchema(document, schema)
            : markup`<p class="type">${typeLabel(document, schema)}</p>`
      }`,
  );

/** A caption with the text under it, to read and to copy. Closed ones open on a click. */
export const renderSample = (
  caption: readonly (string | Markup | undefined)[],
  text: string,
  state: "plain" | "closed",
): Markup => {
  const words = caption.filter((part) => part !== undefined);
  const title = words.map((part, index) => (index === 0 ? part : markup` · ${part}`));
  const block = markup`<pre><code>${text}</code></pre>`;
  return state === "closed"
    ? markup`<details class="sample"><summary>${title}</summary>${block}</details>`
    : markup`<figure class="sample"><figcaption>${title}</figcaption>${block}</figure>`;
};
