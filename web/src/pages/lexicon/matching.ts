import type { LexiconItem, LexiconStatus } from '../../api/lexicon.ts'

/** Names, what people call them, what they say about them, and tags: in any of them, in any case. */
export const matching = (
  items: readonly LexiconItem[],
  text: string,
  status: LexiconStatus | undefined,
): readonly LexiconItem[] => {
  const wanted = text.trim().toLowerCase()
  return items.filter((item) => {
    if (status !== undefined && item.status !== status) return false
    if (wanted === '') return true
    return [item.name, item.display_name, item.description, ...(item.tags ?? [])].some((one) =>
      one?.toLowerCase().includes(wanted),
    )
  })
}

/** `a, b` as a list; null for none, which takes away. */
export const wordsIn = (text: string): readonly string[] | null => {
  const words = [
    ...new Set(
      text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  ]
  return words.length === 0 ? null : words
}
