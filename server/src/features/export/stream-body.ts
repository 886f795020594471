import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'

// EXP-03: a smaller body is not worth an envelope, and clients expect it plain.
const gzipFromBytes = 1_400

export interface StreamBody {
  readonly body: Readable | Buffer
  readonly isGzipped: boolean
}

/**
 * Pulls until the first bytes are there, so that an error before them is still a status, then streams.
 * Gzips when the client asked and the body is larger than 1400 bytes. An error later on breaks the connection.
 */
export const streamBody = async (chunks: AsyncIterable<Buffer>, acceptsGzip: boolean): Promise<StreamBody> => {
  const iterator = chunks[Symbol.asyncIterator]()
  const head: Buffer[] = []
  let headBytes = 0
  let isDone = false
  while (!isDone && headBytes <= gzipFromBytes) {
    const next = await iterator.next()
    if (next.done) isDone = true
    else {
      head.push(Buffer.from(next.value))
      headBytes += next.value.length
    }
  }
  if (isDone && (headBytes <= gzipFromBytes || !acceptsGzip)) return { body: Buffer.concat(head), isGzipped: false }
  const whole = Readable.from(rest(head, iterator, isDone), { objectMode: false })
  if (!acceptsGzip) return { body: whole, isGzipped: false }
  const gzip = createGzip({ level: 1 })
  whole.on('error', (error) => gzip.destroy(error))
  // It is sent a moment later. Until then, an error that nobody listens for would end the process.
  gzip.on('error', () => undefined)
  // The client went away: stop reading the engine.
  gzip.on('close', () => whole.destroy())
  return { body: whole.pipe(gzip), isGzipped: true }
}

async function* rest(head: readonly Buffer[], iterator: AsyncIterator<Buffer>, isDone: boolean) {
  try {
    yield* head
    while (!isDone) {
      const next = await iterator.next()
      if (next.done) return
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}
