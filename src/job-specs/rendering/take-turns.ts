/** After this, whatever else the process has to do gets its turn. */
const maxBusyMs = 10;

/** Answers what is called between pieces of work, and rests where they have taken long. */
export const takeTurns = (): (() => Promise<void>) => {
  let restedAtMs = performance.now();
  return async () => {
    if (performance.now() - restedAtMs <= maxBusyMs) return;
    await rest();
    restedAtMs = performance.now();
  };
};

const rest = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve);
  });
