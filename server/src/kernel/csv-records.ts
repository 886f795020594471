import { type CsvRecord, createCsvReader } from './csv-reader.ts'
import { InvalidRequest } from './errors.ts'

/**
 * The records of a CSV file in UTF-8, with or without byte order mark. By chunk, so that a row costs no turn of the event
 * loop. Throws InvalidRequest for other bytes; a row that is no CSV says so itself (`fault`).
 */
export async function* csvRecordsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Iterable<CsvRecord>> {
  const reader = createCsvReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of chunks) yield reader.push(decoded(() => decoder.decode(chunk, { stream: true })))
  yield reader.push(decoded(() => decoder.decode()))
  yield reader.end()
}

const decoded = (decode: () => string): string => {
  try {
    return decode()
  } catch {
    throw new InvalidRequest('the body is not valid UTF-8')
  }
}
