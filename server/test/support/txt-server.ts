import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export interface TxtServer {
  /** `address:port`, for LETHE_DNS_SERVERS. */
  readonly address: string
  /** Texts by domain; a test changes them. */
  readonly records: Map<string, readonly string[]>
  close(): void
}

/** A name server that knows TXT records only (RFC 1035): what it does not know does not exist. */
export const startTxtServer = async (): Promise<TxtServer> => {
  const records = new Map<string, readonly string[]>()
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => socket.send(answerOf(query, records), port, address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, records, close: () => socket.close() }
}

const answerOf = (query: Buffer, records: ReadonlyMap<string, readonly string[]>): Buffer => {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const question = query.subarray(12, at + 5)
  const texts = records.get(labels.join('.').toLowerCase()) ?? []
  const header = Buffer.from(query.subarray(0, 12))
  // An answer, recursion available; "no such name" when there is nothing.
  header.writeUInt16BE(0x8180 | (texts.length === 0 ? 3 : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(texts.length, 6)
  header.writeUInt32BE(0, 8)
  return Buffer.concat([header, question, ...texts.map(recordOf)])
}

const recordOf = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'latin1')
  // Name: a pointer to the question. Type TXT, class IN, no time to live, then the text with its length.
  const fixed = Buffer.from([0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 0, 0, bytes.length + 1, bytes.length])
  return Buffer.concat([fixed, bytes])
}
