/**
 * Runs a look so that whoever asks for one gets one that began after he asked, while never two run at one
 * time.
 */
export const createFollower = (look: () => Promise<void>): (() => Promise<void>) => {
  let underWay: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const begin = (): Promise<void> => {
    const begun = look().finally(() => {
      underWay = undefined;
    });
    underWay = begun;
    return begun;
  };

  const afterwards = async (current: Promise<void>): Promise<void> => {
    await current.catch(() => {});
    next = undefined;
    await begin();
  };

  return () => {
    if (underWay === undefined) return begin();
    next ??= afterwards(underWay);
    return next;
  };
};
