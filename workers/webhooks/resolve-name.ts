import { Resolver } from "node:dns/promises";

/** A name → its addresses, in the order in which they are tried. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

export interface NameResolver {
  readonly resolve: ResolveName;
  /** Ends the questions that are under way. */
  close(): void;
}

/**
 * Asks the name servers of the machine, or those given. Not `dns.lookup`: it waits in the four threads
 * that all share, so that a few dead name servers would hold up every endpoint.
 *
 * @param servers `127.0.0.1:5353`; by default those of `/etc/resolv.conf`
 */
export const createNameResolver = (servers?: readonly string[]): NameResolver => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return {
    async resolve(name) {
      const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      const addresses = answers.flatMap((answer) =>
        answer.status === "fulfilled" ? answer.value : [],
      );
      if (addresses.length > 0) return addresses;
      throw (
        answers.find((answer) => answer.status === "rejected")?.reason ?? new Error("no answer")
      );
    },
    close: () => resolver.cancel(),
  };
};
