import { isUtf8 } from 'node:buffer'

const replacement = Buffer.from('\ufffd')
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * What stands for bytes that are no UTF-8: half a surrogate pair. JSON can carry it, no valid text holds it, and
 * `isWellFormed` finds it, so that broken bytes and broken `\ud800` escapes are told by one question (ingestion §7).
 */
const brokenMark = '\udfff'

/** Bytes → text without byte order mark. Bytes that are no UTF-8 become lone surrogates, never U+FFFD. */
export const utf8Text = (bytes: Buffer): string => {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : markedText(bytes)
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

/** Decodes between the genuine U+FFFD of the sender, so that those which the decoder puts in can be told apart. */
const markedText = (bytes: Buffer): string => {
  const pieces: string[] = []
  for (let start = 0; ; ) {
    const genuine = bytes.indexOf(replacement, start)
    const end = genuine === -1 ? bytes.length : genuine
    pieces.push(decoder.decode(bytes.subarray(start, end)).replaceAll('\ufffd', brokenMark))
    if (genuine === -1) return pieces.join('\ufffd')
    start = genuine + replacement.length
  }
}
