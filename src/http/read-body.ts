import { Problem } from "../errors.ts";

/**
 * Reads a body of at most `maxBytes`, whether its length was announced or not; what is too long is
 * refused before it is held.
 *
 * @throws Problem `TOO_LARGE`, `INVALID_INPUT` where the client cut it off
 */
export const readBody = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > maxBytes) throw tooLarge(maxBytes);
  try {
    // The HTTP parser holds a client to the length that it announced.
    if (announced !== null) return new Uint8Array(await request.arrayBuffer());
    return await readChunks(request, maxBytes);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("INVALID_INPUT", "The body ended before it was complete.", { cause: error });
  }
};

const readChunks = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request.body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const body = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
};

const tooLarge = (maxBytes: number): Problem =>
  // Without `Connection: close`: a connection that ends at once takes the answer along.
  new Problem("TOO_LARGE", `The body is larger than the limit of ${maxBytes} bytes.`);
