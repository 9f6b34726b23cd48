import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryFiles extends AsyncDisposable {
  readonly cwd: string;
}

/** A new folder with these files; gone when disposed of. */
export const temporaryFiles = async (
  files: Readonly<Record<string, string>>,
): Promise<TemporaryFiles> => {
  const cwd = await mkdtemp(join(tmpdir(), "fairlead-cli-"));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, path)), { recursive: true });
    await writeFile(join(cwd, path), text);
  }
  return { cwd, [Symbol.asyncDispose]: () => rm(cwd, { recursive: true }) };
};
