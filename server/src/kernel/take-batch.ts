/** Takes from the front of a queue what makes a sensible batch: at least one item, and no more than `sizeMax` in all. */
export const takeBatch = <Item>(queue: Item[], sizeOf: (item: Item) => number, sizeMax: number): readonly Item[] => {
  let size = 0
  let count = 0
  for (const item of queue) {
    if (count > 0 && size + sizeOf(item) > sizeMax) break
    size += sizeOf(item)
    count += 1
  }
  return queue.splice(0, count)
}
