import { Transform, type TransformCallback } from 'node:stream'
import { ClickHouseError } from '@clickhouse/client'
import { EngineUnavailable } from '../../kernel/errors.ts'
import { toAppError } from './engine-errors.ts'

// A 200 reply whose query failed midway ends with: \r\n__exception__\r\n<tag>\r\n<text>\n<length> <tag>\r\n__exception__\r\n
// The tag is random and stands in a reply header, so no row can look like it.
export const exceptionTagHeader = 'x-clickhouse-exception-tag'

const markerOf = (tag: string): Buffer => Buffer.from(`\r\n__exception__\r\n${tag}`)

const parseException = (text: string): ClickHouseError => {
  const [, code, type] = /Code: (\d+)\.[\s\S]*\(([A-Z_0-9]+)\)/.exec(text) ?? []
  return new ClickHouseError({ message: text, code: code ?? '0', ...(type ? { type } : {}) })
}

/**
 * Passes a reply on and fails, instead of ending cleanly, when the engine wrote an exception at its end or the
 * connection broke. Servers before 25.11 send no tag and only break the connection.
 */
export const failOnLateException = (tag: string | undefined, isBroken: () => boolean): Transform => {
  const marker = tag === undefined ? null : markerOf(tag)
  let held: Buffer = Buffer.alloc(0)
  let exception: Buffer[] | null = null

  const transform = (chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) => {
    if (marker === null) return done(null, chunk)
    if (exception !== null) {
      exception.push(chunk)
      return done()
    }
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    const at = bytes.indexOf(marker)
    if (at >= 0) {
      exception = [bytes.subarray(at)]
      return done(null, at > 0 ? bytes.subarray(0, at) : undefined)
    }
    // The last bytes may be the beginning of the marker.
    const keepFrom = cutMarkerStart(bytes, marker)
    held = bytes.subarray(keepFrom)
    done(null, keepFrom > 0 ? bytes.subarray(0, keepFrom) : undefined)
  }

  return new Transform({
    transform,
    flush(done) {
      if (exception !== null) return done(toAppError(parseException(Buffer.concat(exception).toString())))
      if (isBroken()) return done(new EngineUnavailable('the region engine went away'))
      done(null, held.length > 0 ? held : undefined)
    },
  })
}

/** Where a marker that is cut by the end of `bytes` begins; the length when there is none. */
const cutMarkerStart = (bytes: Buffer, marker: Buffer): number => {
  for (let at = Math.max(0, bytes.length - marker.length + 1); at < bytes.length; at++) {
    if (bytes[at] === 13 && marker.subarray(0, bytes.length - at).equals(bytes.subarray(at))) return at
  }
  return bytes.length
}
