import { expect, it } from "vitest";
import { createFollower } from "./follower.ts";

const controlled = () => {
  const looks: PromiseWithResolvers<void>[] = [];
  const follow = createFollower(() => {
    const look = Promise.withResolvers<void>();
    looks.push(look);
    return look.promise;
  });
  return { looks, follow };
};

it("gives who asks during a look one that begins after it, and only one for all of them", async () => {
  const { follow, looks } = controlled();
  const first = follow();
  const later = [follow(), follow(), follow()];
  expect(looks).toHaveLength(1);
  looks[0]?.resolve();
  await first;
  await expect.poll(() => looks.length).toBe(2);
  looks[1]?.resolve();
  await Promise.all(later);
  expect(looks).toHaveLength(2);
});

it("goes on after a look that fails", async () => {
  const { follow, looks } = controlled();
  const first = follow();
  const second = follow();
  looks[0]?.reject(new Error("away"));
  await expect(first).rejects.toThrow("away");
  await expect.poll(() => looks.length).toBe(2);
  looks[1]?.resolve();
  await second;
});
