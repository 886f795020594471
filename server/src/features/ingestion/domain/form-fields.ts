const ampersand = 0x26
const equals = 0x3d
const percent = 0x25
const plus = 0x2b
const space = 0x20

// Clients send fewer than ten; a body of nothing but `&` must not become millions of fields.
const fieldCountMax = 100

/** Fields of an `application/x-www-form-urlencoded` body as bytes; the last one of a name counts. */
export const formFields = (body: Buffer): ReadonlyMap<string, Buffer> => {
  const fields = new Map<string, Buffer>()
  for (let start = 0, count = 0; start < body.length && count < fieldCountMax; count += 1) {
    const stop = body.indexOf(ampersand, start)
    const pair = body.subarray(start, stop === -1 ? body.length : stop)
    const split = pair.indexOf(equals)
    const name = percentDecoded(split === -1 ? pair : pair.subarray(0, split)).toString('utf8')
    fields.set(name, split === -1 ? Buffer.alloc(0) : percentDecoded(pair.subarray(split + 1)))
    start += pair.length + 1
  }
  return fields
}

/** `+` is a space and `%41` a byte; a `%` that starts no escape stays as it is. */
const percentDecoded = (bytes: Buffer): Buffer => {
  if (!bytes.includes(percent) && !bytes.includes(plus)) return bytes
  const decoded = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    const value = byte === percent ? hexByte(bytes[at + 1], bytes[at + 2]) : -1
    if (value >= 0) at += 2
    decoded[length++] = value >= 0 ? value : byte === plus ? space : byte
  }
  return decoded.subarray(0, length)
}

const hexByte = (high: number | undefined, low: number | undefined): number => {
  const a = hexDigit(high)
  const b = hexDigit(low)
  return a < 0 || b < 0 ? -1 : a * 16 + b
}

const hexDigit = (code: number | undefined): number => {
  if (code === undefined) return -1
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
