import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { type AppError, BodyTooLarge, InvalidRequest, Overloaded } from '../../kernel/errors.ts'

// Twelve bodies of the largest kind at once; far above what ordinary traffic holds.
const heldBytesMax = 256 * 1_024 * 1_024
// A sender reads the answer when it has sent everything, so a body that is too large is taken to its end and thrown
// away. From here on it is cut off instead.
const discardedBytesMax = 64 * 1_024 * 1_024

export interface BodyReader {
  /**
   * Reads a body of at most `bodyBytesMax`. Throws BodyTooLarge, InvalidRequest when it breaks off, Overloaded when
   * all bodies together are too much.
   */
  read(request: IncomingMessage, payload: Readable, bodyBytesMax: number): Promise<Buffer>
  /** Counts what became of a body (inflated, say). Throws Overloaded when all together are too much. */
  hold(request: IncomingMessage, bytes: number): void
  /** The request is answered: its body is no longer in memory. */
  release(request: IncomingMessage): void
}

interface Held {
  bytes: number
  /** Null once the body is complete: then it is on its way to a store, and refusing it would gain nothing. */
  refuse: ((error: AppError) => void) | null
}

/**
 * Invariant 9: the bodies of all requests that are not answered share one bound. Beyond it the one that has been
 * sending for longest has to give way, so those who send slowly cannot keep out the others.
 */
export const createBodyReader = (bytesMax: number = heldBytesMax): BodyReader => {
  const held = new Map<IncomingMessage, Held>()
  let heldBytes = 0

  const release = (request: IncomingMessage): void => {
    heldBytes -= held.get(request)?.bytes ?? 0
    held.delete(request)
  }

  /** Null, or why this request itself has to give way. */
  const take = (request: IncomingMessage, bytes: number): AppError | null => {
    const own = held.get(request) ?? { bytes: 0, refuse: null }
    held.set(request, own)
    own.bytes += bytes
    heldBytes += bytes
    while (heldBytes > bytesMax) {
      const error = new Overloaded('too much is being received; send this again')
      const oldest = [...held].find(([, { refuse }]) => refuse !== null)
      release(oldest?.[0] ?? request)
      if (oldest === undefined) return error
      oldest[1].refuse?.(error)
    }
    return null
  }

  const read: BodyReader['read'] = (request, payload, bodyBytesMax) =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let receivedBytes = 0
      let isTooLarge = Number(request.headers['content-length'] ?? 0) > bodyBytesMax
      const end = (settle: () => void): void => {
        payload.off('data', onData)
        const own = held.get(request)
        if (own !== undefined) own.refuse = null
        settle()
        chunks.length = 0
      }
      const refuse = (error: AppError): void => {
        end(() => reject(error))
        release(request)
      }
      const onData = (chunk: Buffer): void => {
        receivedBytes += chunk.length
        isTooLarge ||= receivedBytes > bodyBytesMax
        if (isTooLarge) discard()
        else keep(chunk)
      }
      const keep = (chunk: Buffer): void => {
        chunks.push(chunk)
        const error = take(request, chunk.length)
        if (error !== null) refuse(error)
      }
      const discard = (): void => {
        chunks.length = 0
        release(request)
        if (receivedBytes > discardedBytesMax) refuse(new BodyTooLarge(bodyBytesMax))
      }
      held.set(request, { bytes: 0, refuse })
      payload.on('data', onData)
      payload.once('end', () => {
        if (isTooLarge) refuse(new BodyTooLarge(bodyBytesMax))
        else end(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
      })
      const breakOff = () => refuse(new InvalidRequest('the body ended early'))
      payload.once('error', breakOff)
      payload.once('close', () => {
        if (!payload.readableEnded) breakOff()
      })
    })

  const hold: BodyReader['hold'] = (request, bytes) => {
    const error = take(request, bytes)
    if (error !== null) throw error
  }

  return { read, hold, release }
}
