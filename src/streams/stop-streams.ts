import { end, farewellMs, type HubState } from "./hub-state.ts";

/** Tells everybody to come back, elsewhere or later, and waits until they have gone. */
export const stopStreams = async (state: HubState): Promise<void> => {
  state.isStopping = true;
  const { promise, resolve } = Promise.withResolvers<void>();
  state.whenEmpty = resolve;
  for (const subscriber of state.subscribers.all()) end(state, subscriber, "stopping");
  if (state.subscribers.count() === 0) resolve();
  // Some runtimes do not end what a client does not take: that is for whoever ends the process.
  const timer = setTimeout(resolve, farewellMs + 500);
  await promise;
  clearTimeout(timer);
};
