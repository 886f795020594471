/** Rows ready for one insert: a line of JSON each. */
export interface RowBlock {
  readonly bytes: Buffer
  readonly rowCount: number
}

export interface RowBlockWriter {
  add(row: string): void
  /** What was added; the writer must not be used afterwards. */
  end(): RowBlock
}

// A UTF-16 unit is at most three bytes of UTF-8.
const bytesPerUnitMax = 3
const newline = 0x0a

/**
 * Turns each row into bytes at once: thousands of rows that wait for the engine would otherwise be strings on the heap,
 * and copied by every collection. `bytesExpected` spares growing.
 */
export const createRowBlockWriter = (bytesExpected: number): RowBlockWriter => {
  let buffer = Buffer.allocUnsafe(Math.max(bytesExpected, 256))
  let length = 0
  let rowCount = 0
  return {
    add: (row) => {
      const needed = length + row.length * bytesPerUnitMax + 1
      if (needed > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(needed, buffer.length * 2))
        buffer.copy(larger, 0, 0, length)
        buffer = larger
      }
      length += buffer.write(row, length)
      buffer[length++] = newline
      rowCount += 1
    },
    end: () => ({ bytes: buffer.subarray(0, length), rowCount }),
  }
}

export const rowBlockOf = (rows: readonly string[]): RowBlock => {
  const bytes = Buffer.from(rows.map((row) => `${row}\n`).join(''))
  return { bytes, rowCount: rows.length }
}
