const newline = 0x0a

/** Passes chunks on and counts the lines in them. */
export const countedLines = (chunks: AsyncIterable<Buffer>) => {
  let count = 0
  const counting = async function* () {
    for await (const chunk of chunks) {
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1)) count += 1
      yield chunk
    }
  }
  return { chunks: counting(), lineCount: () => count }
}

/** Whole lines out of chunks cut anywhere. A line is at most an event (1 MB) or a profile long. */
export const splitLines = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of chunks) {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let at = data.indexOf(newline); at !== -1; at = data.indexOf(newline)) {
      yield data.subarray(0, at).toString('utf8')
      data = data.subarray(at + 1)
    }
    rest = Buffer.from(data)
  }
  if (rest.length > 0) yield rest.toString('utf8')
}
