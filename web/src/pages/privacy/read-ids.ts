/** Ids as typed, pasted or from a CSV file, and what was left out of them. */
export interface ReadIds {
  readonly ids: readonly string[]
  readonly duplicateCount: number
  /** Longer than any stored id can be. */
  readonly tooLong: readonly string[]
}

export const idsMax = 2_000
/** Bytes of UTF-8. */
const idBytesMax = 1_024

/** One id per line, as it stands there: an id may hold commas. */
export const readLines = (text: string): ReadIds => collect(text.split(/\r?\n/))

const idNames = new Set(['distinct_id', '$distinct_id', 'distinct id', 'id', 'user_id', 'userid', 'user id'])

/** The column of that name of a CSV file, else its first; a first row that names it is no id. */
export const readCsv = (text: string): ReadIds => {
  const rows = csvRows(text.replace(/^\ufeff/, ''))
  const [head = []] = rows
  const at = head.findIndex((name) => idNames.has(name.trim().toLowerCase()))
  return collect((at === -1 ? rows : rows.slice(1)).map((row) => row[Math.max(at, 0)] ?? ''))
}

const collect = (found: readonly string[]): ReadIds => {
  const wanted = found.map((id) => id.trim()).filter((id) => id !== '')
  const isShort = (id: string): boolean => new TextEncoder().encode(id).length <= idBytesMax
  const ids = [...new Set(wanted.filter(isShort))]
  const tooLong = wanted.filter((id) => !isShort(id))
  return { ids, tooLong, duplicateCount: wanted.length - tooLong.length - ids.length }
}

/** RFC 4180: fields in quotes may hold commas, line ends, and quotes twice. Semicolons and tabs separate too. */
const csvRows = (text: string): readonly (readonly string[])[] => {
  const separator = [',', ';', '\t'].find((mark) => (text.split(/\r?\n/, 1)[0] ?? '').includes(mark)) ?? ','
  const rows: string[][] = [[]]
  let [field, isQuoted] = ['', false]
  const endField = () => {
    rows.at(-1)?.push(field)
    field = ''
  }
  for (let at = 0; at < text.length; at += 1) {
    const mark = text[at]
    if (isQuoted) {
      if (mark !== '"') field += mark
      else if (text[at + 1] === '"') {
        field += '"'
        at += 1
      } else isQuoted = false
    } else if (mark === '"' && field === '') isQuoted = true
    else if (mark === separator) endField()
    else if (mark === '\n') {
      endField()
      rows.push([])
    } else if (mark !== '\r') field += mark
  }
  endField()
  return rows
}
