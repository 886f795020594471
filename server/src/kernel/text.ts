/**
 * The longest beginning of `text` that is at most `bytesMax` bytes of UTF-8 and ends between two characters.
 * `text` must be well formed (no lone surrogates).
 */
export const truncateUtf8 = (text: string, bytesMax: number): string => {
  // A UTF-16 unit is one to three bytes, so most texts are decided by their length alone.
  if (text.length * 3 <= bytesMax) return text
  // Every unit is at least one byte: what stands behind bytesMax + 1 units cannot be kept, however long the text is.
  const bytes = Buffer.from(text.slice(0, bytesMax + 1))
  if (bytes.length <= bytesMax) return text
  let end = bytesMax
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
