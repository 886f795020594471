import type { Readable } from 'node:stream'
import { EngineUnavailable } from '../../kernel/errors.ts'
import { failOnLateException } from './guarded-stream.ts'

export interface GuardOptions {
  readonly body: Readable
  readonly exceptionTag: string | undefined
  /** How long the engine may stay silent while the reader waits for bytes. */
  readonly silenceLimitMs: number
  readonly signal: AbortSignal | undefined
  /** The reader left, the caller aborted or the engine fell silent: the query may still run there. */
  readonly onCut: () => void
}

/**
 * A reply body whose failures are AppErrors: an exception at its end, a lost connection, silence. A slow reader is no
 * failure. Destroying it cuts the query.
 */
export const guardReply = (options: GuardOptions): Readable => {
  const { body, signal } = options
  let isBroken = false
  const output = failOnLateException(options.exceptionTag, () => isBroken)
  let lastByteAtMs = Date.now()
  body.on('data', () => {
    lastByteAtMs = Date.now()
  })
  const watchdog = setInterval(
    () => {
      const readerWaits = output.readableLength === 0 && output.writableLength === 0
      if (!readerWaits) lastByteAtMs = Date.now()
      if (Date.now() - lastByteAtMs > options.silenceLimitMs) {
        output.destroy(new EngineUnavailable('the region engine fell silent'))
      }
    },
    Math.max(10, Math.min(1_000, options.silenceLimitMs / 4)),
  )
  const onAbort = () => output.destroy(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })

  // The engine breaks the connection after a late exception as well as when it is killed. Ending the guard lets it
  // say which: it fails with the exception if it has seen one.
  body.once('error', () => {
    isBroken = true
    output.end()
  })
  body.pipe(output)

  output.once('close', () => {
    clearInterval(watchdog)
    signal?.removeEventListener('abort', onAbort)
    if (body.readableEnded) return
    body.destroy()
    options.onCut()
  })
  return output
}
