import { describe, expect, it } from 'vitest'
import { createRowBlockWriter, rowBlockOf } from './row-block.ts'

describe('row block', () => {
  it('holds each row on a line of its own, whatever was expected', () => {
    const rows = ['{"a":1}', '{"name":"Zürich 東京 😀"}', '', `{"long":"${'€'.repeat(5_000)}"}`, '{"b":2}']
    for (const bytesExpected of [0, 300, 1_000_000]) {
      const writer = createRowBlockWriter(bytesExpected)
      for (const row of rows) writer.add(row)
      const block = writer.end()
      expect(block.bytes.toString()).toBe(`${rows.join('\n')}\n`)
      expect(block.rowCount).toBe(rows.length)
      expect(block).toEqual(rowBlockOf(rows))
    }
  })

  it('is empty without rows', () => {
    const { bytes, rowCount } = createRowBlockWriter(1_000).end()
    expect([bytes.length, rowCount]).toEqual([0, 0])
  })
})
