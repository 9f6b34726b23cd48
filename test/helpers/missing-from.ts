/** The items that `all` does not hold, each as often as it is not. */
export const missingFrom = (all: readonly string[], items: readonly string[]): string[] => {
  const left = [...all];
  return items.filter((item) => {
    const index = left.indexOf(item);
    if (index !== -1) left.splice(index, 1);
    return index === -1;
  });
};
