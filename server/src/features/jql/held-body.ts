import { Readable } from 'node:stream'

// Scripts mostly give a few rows at the end. Beyond this a result is sent as it comes.
const heldBytesMax = 8 * 2 ** 20

/**
 * Holds a result until it is complete or large, so that an error before that is still a status. Then it streams, and
 * an error breaks the connection. `onEnd` is called once, when nothing is read any more.
 */
export const heldBody = async (pieces: AsyncIterable<Buffer>, onEnd: () => void): Promise<Buffer | Readable> => {
  const iterator = pieces[Symbol.asyncIterator]()
  const held: Buffer[] = []
  let heldBytes = 0
  try {
    while (heldBytes <= heldBytesMax) {
      const { done, value } = await iterator.next()
      if (done === true) {
        onEnd()
        return Buffer.concat(held)
      }
      held.push(value)
      heldBytes += value.length
    }
  } catch (error) {
    onEnd()
    throw error
  }
  const rest = async function* () {
    yield* held.splice(0)
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  }
  const body = Readable.from(rest(), { objectMode: false })
  // It is sent a moment later, and may never be: what was begun ends with the stream, however it ends.
  body.once('close', () => {
    onEnd()
    void iterator.return?.()?.catch(() => undefined)
  })
  body.on('error', () => undefined)
  return body
}
