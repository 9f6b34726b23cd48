import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

const cache = join(import.meta.dirname, "../../node_modules/.cache/fairlead-bench");
const cached = join(cache, "usr/bin/etcd");

/** Runs a command quietly; true when it succeeded. */
function succeeds(command: string, args: readonly string[], cwd = cache): boolean {
  try {
    execFileSync(command, args, { cwd, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * The etcd program: the one on PATH, else Debian's package, unpacked into node_modules/.cache. Unpacked and not
 * installed, since installing starts a system service, and since this needs no root.
 */
export function installEtcd(): string {
  if (succeeds("etcd", ["--version"], ".")) return "etcd";
  if (existsSync(cached)) return cached;
  mkdirSync(cache, { recursive: true });
  const downloaded =
    succeeds("apt-get", ["download", "etcd-server"]) ||
    // A fresh machine has no package lists yet; only root can fetch them.
    (succeeds("apt-get", ["update"]) && succeeds("apt-get", ["download", "etcd-server"]));
  const archive = downloaded && readdirSync(cache).find((name) => name.endsWith(".deb"));
  if (archive && succeeds("dpkg-deb", ["-x", archive, "."]) && existsSync(cached)) return cached;
  throw new Error(
    "etcd is missing: install Debian's package etcd-server (apt-get install etcd-server), or put etcd 3.4 or later on PATH.",
  );
}
