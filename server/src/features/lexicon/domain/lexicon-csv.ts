import { patched } from './schema.ts'

/** LEX-08. What is read again comes first; the rest is there to be looked at. */
export const columns = [
  'kind',
  'event',
  'name',
  'display_name',
  'description',
  'type',
  'hidden',
  'blocked',
  'tags',
  'owners',
  'team_owners',
  'status',
  'merged_into',
  'verified_by',
  'count_30d',
] as const
const readColumns = columns.slice(0, 11)

export type Column = (typeof columns)[number]
export type Row = Readonly<Partial<Record<Column, string>>>

export const rowKinds = ['event', 'event-property', 'profile-property'] as const

/**
 * Names come from whoever sends events, and a spreadsheet takes a text that begins with one of these for a formula. Such a
 * cell gets an apostrophe, which is taken off again when it is read.
 */
const formula = /^[=+\-@\t\r']/

const cell = (text: string): string => {
  const safe = formula.test(text) ? `'${text}` : text
  return /["\r\n,]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
const fromCell = (text: string): string => (/^'[=+\-@\t\r']/.test(text) ? text.slice(1) : text)

export const csvText = (rows: readonly Row[]): string =>
  [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))]
    .map((fields) => `${fields.map(cell).join(',')}\r\n`)
    .join('')

/** A fault in the sentence of whoever reads the file; the header is row 0. */
export type ReadRows = { readonly rows: readonly Row[] } | { readonly fault: string }

/** `records`: the fields of each row, the header first. Columns that are only looked at may be left out. */
export const rowsOf = (records: readonly (readonly string[])[]): ReadRows => {
  const [header = [], ...others] = records
  const names = header.map((name) => name.trim().toLowerCase())
  const unknown = names.find((name) => !(columns as readonly string[]).includes(name))
  if (unknown !== undefined) return { fault: `the column ${unknown.slice(0, 40)} is unknown` }
  const missing = readColumns.find((name) => !names.includes(name))
  if (missing !== undefined) return { fault: `the column ${missing} is missing` }
  const rows: Row[] = []
  for (const [at, fields] of others.entries()) {
    if (fields.length !== names.length) return { fault: `row ${at + 1} has ${fields.length} fields` }
    rows.push(Object.fromEntries(names.map((name, field) => [name, fromCell(fields[field] ?? '')])))
  }
  return { rows }
}

const yes = new Set(['true', 'yes', '1'])
const no = new Set(['', 'false', 'no', '0'])

/** What is wrong with a row; null: nothing. */
export const faultOf = (row: Row, types: readonly string[]): string | null => {
  if (!(rowKinds as readonly string[]).includes(row.kind ?? '')) return `kind must be one of ${rowKinds.join(', ')}`
  if ((row.name ?? '') === '') return 'name is empty'
  if (row.kind !== 'event-property' && (row.event ?? '') !== '') return 'event belongs to properties of events'
  for (const column of ['hidden', 'blocked'] as const) {
    const word = row[column]?.toLowerCase() ?? ''
    if (!yes.has(word) && !no.has(word)) return `${column} must be true or false`
  }
  if (row.kind === 'profile-property' && yes.has(row.blocked?.toLowerCase() ?? '')) return 'blocked is for events'
  const type = row.type ?? ''
  return type === '' || types.includes(type) ? null : `type must be one of ${types.join(', ')}`
}

const listOf = (text = ''): readonly string[] | null => {
  const words = text
    .split(';')
    .map((word) => word.trim())
    .filter((word) => word !== '')
  return words.length === 0 ? null : words
}
const flagOf = (text = ''): true | null => (yes.has(text.toLowerCase()) ? true : null)
const textOf = (text = ''): string | null => (text === '' ? null : text)

/** A row as a change: an empty cell takes away what was there. */
export const patchOf = (row: Row): object => ({
  description: textOf(row.description),
  metadata: {
    'com.mixpanel': {
      displayName: textOf(row.display_name),
      hidden: flagOf(row.hidden),
      ...(row.kind === 'profile-property' ? {} : { dropped: flagOf(row.blocked) }),
      ...(row.kind === 'event'
        ? { tags: listOf(row.tags), contacts: listOf(row.owners), teamContacts: listOf(row.team_owners) }
        : {}),
    },
  },
})

/** The same for a property in the schema of its event, or of profiles: `type` has to be there. */
export const propertyPatch =
  (row: Row) =>
  (before: unknown): unknown => {
    const known = typeof before === 'object' && before !== null && 'type' in before
    const type = (row.type ?? '') !== '' ? { type: row.type } : known ? {} : { type: 'string' }
    return patched(before ?? {}, { ...type, ...patchOf(row) })
  }
