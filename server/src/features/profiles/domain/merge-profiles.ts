import { isWithinBounds, type ProfileProperties } from './apply-operations.ts'

/**
 * Identity §4: one profile of several that turned out to be of one person. What the first one says stays; what it does
 * not say is filled in from the others, in their order, as far as a profile may grow.
 */
export const mergeProfiles = (
  first: ProfileProperties | null,
  others: readonly ProfileProperties[],
): ProfileProperties => {
  const merged = new Map(first)
  for (const properties of others) {
    for (const [name, text] of properties) {
      if (merged.has(name)) continue
      merged.set(name, text)
      if (!isWithinBounds(merged)) merged.delete(name)
    }
  }
  return merged
}
