import fc from 'fast-check'
import { expect, it } from 'vitest'
import { truncateUtf8 } from './text.ts'

it('keeps whole characters, as many as fit', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(text, fc.integer({ min: 0, max: 60 }), (sent, bytesMax) => {
      const kept = truncateUtf8(sent, bytesMax)
      expect(sent.startsWith(kept)).toBe(true)
      expect(kept.isWellFormed()).toBe(true)
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(bytesMax)
      const next = [...sent.slice(kept.length)][0]
      // What is left out would not have fitted.
      if (next !== undefined) expect(Buffer.byteLength(kept + next)).toBeGreaterThan(bytesMax)
    }),
  )
})

it.each([
  ['é', 1, ''],
  ['aé', 2, 'a'],
  ['😀', 3, ''],
  ['😀', 4, '😀'],
  ['a😀b', 5, 'a😀'],
])('%s in %d bytes is "%s"', (text, bytesMax, kept) => {
  expect(truncateUtf8(text, bytesMax)).toBe(kept)
})
