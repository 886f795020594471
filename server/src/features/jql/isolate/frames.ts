import type { Readable } from 'node:stream'
import { LimitExceeded } from '../errors.ts'
import { frame, type ScriptFault } from './protocol.ts'

/** What the process of a script says; see protocol.ts. */
export type Frame =
  | { readonly kind: 'request'; readonly request: unknown }
  | { readonly kind: 'items'; readonly bytes: Buffer }
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly fault: ScriptFault }

// A request with its selectors, or the message of an error.
const wholeLineBytesMax = 4 * 2 ** 20
const newline = 10
const comma = Buffer.from(',')

const disturbed = (): LimitExceeded => new LimitExceeded('the script disturbed the process that ran it')

const isKnown = (type: string): boolean => Object.values<string>(frame).includes(type)

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw disturbed()
  }
}

const faultOf = (value: unknown): ScriptFault => {
  const { kind, message, line } = (value ?? {}) as Partial<Record<keyof ScriptFault, unknown>>
  const known = (['script', 'time', 'memory', 'depth'] as const).find((one) => one === kind)
  if (known === undefined || typeof message !== 'string') throw disturbed()
  return { kind: known, message: message.slice(0, 1_000), line: typeof line === 'number' ? line : null }
}

/**
 * The frames of a process as they arrive. Items are handed on piece by piece, with commas between their lines, so that
 * nothing large is held here. Throws LimitExceeded beyond `outputBytesMax` and for what is no frame.
 */
export async function* readFrames(stdout: Readable, outputBytesMax: number): AsyncGenerator<Frame, undefined> {
  let type = ''
  let held: Buffer[] = []
  let heldBytes = 0
  let outputBytes = 0
  let hasItems = false
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    let at = 0
    while (at < chunk.length) {
      if (type === '') {
        type = String.fromCharCode(chunk[at] as number)
        at += 1
        if (!isKnown(type)) throw disturbed()
        if (type === frame.items) {
          if (hasItems) yield { kind: 'items', bytes: comma }
          hasItems = true
        }
      }
      const found = chunk.indexOf(newline, at)
      const end = found < 0 ? chunk.length : found
      const bytes = chunk.subarray(at, end)
      at = found < 0 ? end : end + 1
      if (type === frame.items) {
        outputBytes += bytes.length
        if (outputBytes > outputBytesMax) throw new LimitExceeded(`the result is larger than ${outputBytesMax} bytes`)
        if (bytes.length > 0) yield { kind: 'items', bytes }
      } else {
        heldBytes += bytes.length
        if (heldBytes > wholeLineBytesMax) throw disturbed()
        held.push(bytes)
        if (found >= 0) yield wholeLine(type, Buffer.concat(held))
      }
      if (found >= 0) {
        type = ''
        held = []
        heldBytes = 0
      }
    }
  }
  return undefined
}

const wholeLine = (type: string, bytes: Buffer): Frame => {
  if (type === frame.request) return { kind: 'request', request: parsed(bytes) }
  if (type === frame.done) return { kind: 'done' }
  return { kind: 'fault', fault: faultOf(parsed(bytes)) }
}
