/** What stands for Workers KV under a bare workerd: a namespace in memory, asked as workerd's binding asks one. */
const values = new Map<string, string>();

const answer = async (request: Request): Promise<Response> => {
  const name = decodeURIComponent(new URL(request.url).pathname.slice(1));
  if (request.method === "PUT") {
    values.set(name, await request.text());
    return new Response();
  }
  if (request.method === "DELETE") {
    values.delete(name);
    return new Response();
  }
  const value = values.get(name);
  return value === undefined ? new Response(null, { status: 404 }) : new Response(value);
};

export default { fetch: answer };
