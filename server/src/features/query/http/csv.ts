import type { Reply } from '../../../http/route.ts'

/** RFC 4180: quoted where a comma, a quote or a line end asks for it. */
const field = (value: string | number | null): string => {
  const text = value === null ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvReply = (rows: Iterable<readonly (string | number | null)[]>): Reply => {
  const lines: string[] = []
  for (const row of rows) lines.push(`${row.map(field).join(',')}\r\n`)
  return { status: 200, headers: { 'Content-Type': 'text/csv; charset=utf-8' }, body: lines.join('') }
}
