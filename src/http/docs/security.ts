import { joinMarkup, type Markup, markup, renderText } from "./markup.ts";
import { dereference, type OpenApiDocument, type Route } from "./openapi.ts";

type SecurityScheme = NonNullable<ReturnType<typeof schemeNamed>>;

/** The security scheme that a requirement names, if the document has it. */
export const schemeNamed = (document: OpenApiDocument, name: string) =>
  dereference(document.components?.securitySchemes, document.components?.securitySchemes?.[name]);

const howToSend = (scheme: SecurityScheme): Markup => {
  if (scheme.type === "apiKey") {
    const sample = scheme.in === "header" ? `${scheme.name}: <key>` : scheme.name;
    return markup`<code>${sample}</code>${scheme.in === "header" ? undefined : markup` in the ${scheme.in}`}`;
  }
  const bearer = scheme.type !== "http" || scheme.scheme === "bearer";
  return markup`<code>Authorization: ${bearer ? "Bearer" : scheme.scheme} &lt;${
    scheme.bearerFormat ?? "key"
  }&gt;</code>`;
};

const renderRequirement = (
  document: OpenApiDocument,
  requirement: Readonly<Record<string, readonly string[]>>,
): Markup =>
  joinMarkup(
    Object.entries(requirement).map(([name, scopes]) => {
      const scheme = schemeNamed(document, name);
      const how = scheme === undefined ? markup`<code>${name}</code>` : howToSend(scheme);
      return scopes.length === 0 ? how : markup`${how} (${scopes.join(", ")})`;
    }),
    " with ",
  );

/** What credentials an operation needs, in one line. */
export const renderSecurity = (document: OpenApiDocument, route: Route): Markup => {
  const requirements = route.operation.security ?? document.security ?? [];
  const needed = requirements.filter((requirement) => Object.keys(requirement).length > 0);
  if (needed.length === 0) return markup`<p class="security">Needs no credentials.</p>`;
  const ways = joinMarkup(
    needed.map((requirement) => renderRequirement(document, requirement)),
    " or ",
  );
  const optional = needed.length < requirements.length;
  return markup`<p class="security">${optional ? "Takes, but does not need," : "Needs"} ${ways}</p>`;
};

/** The ways to authenticate, for the introduction; undefined when the document declares none. */
export const renderSecuritySchemes = (document: OpenApiDocument): Markup | undefined => {
  const names = Object.keys(document.components?.securitySchemes ?? {});
  const rows = names.flatMap((name) => {
    const scheme = schemeNamed(document, name);
    return scheme === undefined
      ? []
      : [markup`<li>${howToSend(scheme)}${renderText(scheme.description)}</li>`];
  });
  return rows.length === 0 ? undefined : markup`<ul>${rows}</ul>`;
};
