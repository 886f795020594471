/** The first records of a CSV text (RFC 4180), to be shown before it is sent. */
export const firstRows = (text: string, countMax: number): readonly (readonly string[])[] => {
  const rows: string[][] = []
  let row: string[] = []
  let field = ''
  let isQuoted = false
  const endRow = (): void => {
    row.push(field)
    if (row.length > 1 || field !== '') rows.push(row)
    row = []
    field = ''
  }
  const body = text.replace(/^\uFEFF/, '')
  for (let at = 0; at < body.length && rows.length < countMax; at += 1) {
    const sign = body[at] as string
    if (isQuoted) {
      if (sign !== '"') field += sign
      else if (body[at + 1] === '"') {
        field += '"'
        at += 1
      } else isQuoted = false
    } else if (sign === '"') isQuoted = true
    else if (sign === ',') {
      row.push(field)
      field = ''
    } else if (sign === '\n') endRow()
    else if (sign !== '\r') field += sign
  }
  if (rows.length < countMax && (field !== '' || row.length > 0)) endRow()
  return rows
}
