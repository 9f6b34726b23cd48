const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|[^'"$]+|\$/g;

/** SQL with its keywords in lower case; literals, quoted names and function bodies stay as they are. */
export const toLowerCase = (text: string): string =>
  text.replaceAll(tokens, (token) => (/^(['"]|\$\w*\$)/.test(token) ? token : token.toLowerCase()));

/** A name as SQL writes it. */
export const quoteName = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** `fillfactor=80, …` → ` with (fillfactor = 80, …)` */
export const storage = (options: string | null): string =>
  options === null || options === "" ? "" : ` with (${options.replaceAll("=", " = ")})`;
