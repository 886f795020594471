import { jsonReply, type MayUse, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { createCsvReader } from '../../kernel/csv-reader.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { EventItem, PropertyItem } from './domain/dictionary.ts'
import { csvText, faultOf, patchOf, propertyPatch, type Row, rowsOf } from './domain/lexicon-csv.ts'
import { type EntryKind, marksOf, patched, profileName, type Schema } from './domain/schema.ts'
import { BlockingNotAllowed } from './errors.ts'
import type { LexiconReader } from './read-lexicon.ts'
import { accepts, base, lexiconPath, noStore, whoOf } from './route-parts.ts'
import { checkedSchema, types } from './schema-schema.ts'
import type { EntryStore, Write } from './store/postgres-entry-store.ts'

export interface CsvRouteDeps {
  readonly reader: LexiconReader
  readonly entries: EntryStore
  readonly mayUse: MayUse
}

const path = `${lexiconPath}/csv`
// lexicon §2: events, properties of one event, properties of profiles.
const eventCountMax = 5_000
const propertyCountMax = 2_000
const rowCountMax = 50_000

/** LEX-08: the lexicon as a file, and a file as the lexicon. */
export const csvRoutes = (deps: CsvRouteDeps): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path,
    access: { accepts, project: 'path', permission: 'lexicon:export' },
    handle: async (request: Scoped) => ({
      status: 200,
      headers: {
        ...noStore,
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': 'attachment; filename="lexicon.csv"',
      },
      body: csvText(await fileRows(deps, request)),
    }),
  },
  {
    ...base,
    method: 'POST',
    path,
    access: { accepts, project: 'path', permission: 'lexicon:write' },
    handle: (request: Scoped) => takeFile(deps, request),
  },
]

const fileRows = async ({ reader, entries }: CsvRouteDeps, request: Scoped): Promise<readonly Row[]> => {
  const [events, ofEvery, ofProfiles, schemas] = await Promise.all([
    reader.events(request, false),
    reader.eventProperties(request, null, false),
    reader.profileProperties(request, false),
    entries.list(request.scope, { kinds: ['event'] }),
  ])
  const ofEvents = schemas.flatMap(({ name: event, definition }) =>
    Object.entries(definition.properties ?? {})
      .slice(0, propertyCountMax)
      .map(([name, property]): Row => {
        const { displayName, hidden, dropped } = marksOf(property)
        return {
          kind: 'event-property',
          event,
          name,
          display_name: displayName ?? '',
          description: property.description ?? '',
          type: property.type ?? '',
          hidden: String(hidden === true),
          blocked: String(dropped === true),
        }
      }),
  )
  return [
    ...events.slice(0, eventCountMax).map(eventRow),
    ...ofEvery.slice(0, propertyCountMax).map((item) => propertyRow('event-property', item)),
    ...ofEvents,
    ...ofProfiles.slice(0, propertyCountMax).map((item) => propertyRow('profile-property', item)),
  ]
}

const eventRow = (item: EventItem): Row => ({
  ...commonCells(item),
  kind: 'event',
  tags: item.tags.join(';'),
  owners: item.contacts.join(';'),
  team_owners: item.team_contacts.join(';'),
  merged_into: item.merged_into ?? '',
  verified_by: item.verified?.by ?? '',
  count_30d: String(item.volume_30d),
})

const propertyRow = (kind: 'event-property' | 'profile-property', item: PropertyItem): Row => ({
  ...commonCells(item),
  kind,
  type: item.types[0] ?? '',
  merged_into: item.merged_into ?? '',
  count_30d: String(item.count_30d),
})

const commonCells = (item: EventItem | PropertyItem): Row => ({
  name: item.name,
  display_name: item.display_name ?? '',
  description: item.description ?? '',
  hidden: String(item.hidden),
  blocked: String(item.blocked),
  status: item.status,
})

const takeFile = async (deps: CsvRouteDeps, request: Scoped): Promise<Reply> => {
  const rows = readFile(request.body)
  const isWhole = request.query['overwrite'] === 'all'
  const said = rows.filter(saysAnything)
  await refuseBlocking(deps, request, rows, isWhole)
  const { addedCount, deletedCount } = await deps.entries.write(
    request.scope,
    {
      entries: said.map((row) => ({ ...entryOf(row), write: writeOf(row) })),
      truncated: isWhole ? (['event', 'profile', 'event-property'] as const) : [],
    },
    whoOf(request),
  )
  return jsonReply(200, { status: 'ok', results: { rows: addedCount, deleted: deletedCount } }, noStore)
}

/** A name that was only found stays a name that was only found. */
const saysAnything = (row: Row): boolean =>
  (row.event ?? '') !== '' ||
  [row.display_name, row.description, row.tags, row.owners, row.team_owners].some((text) => (text ?? '') !== '') ||
  [row.hidden, row.blocked].some((text) => !['', 'false', 'no', '0'].includes(text?.toLowerCase() ?? ''))

const readFile = (body: Buffer): readonly Row[] => {
  const reader = createCsvReader()
  const text = body.toString('utf8').replace(/^\uFEFF/, '')
  const records: (readonly string[])[] = []
  for (const part of [reader.push(text), reader.end()]) {
    for (const { fields, fault } of part) {
      if (fault !== null) throw new InvalidRequest(`row ${records.length}: ${fault}`)
      if (records.push(fields) > rowCountMax) throw new InvalidRequest(`at most ${rowCountMax} rows`)
    }
  }
  const read = rowsOf(records)
  if ('fault' in read) throw new InvalidRequest(read.fault)
  for (const [at, row] of read.rows.entries()) {
    const fault = faultOf(row, types)
    if (fault !== null) throw new InvalidRequest(`row ${at + 1}: ${fault}`)
    if (Object.values(row).some((value) => value.includes('\0') || !value.isWellFormed())) {
      throw new InvalidRequest(`row ${at + 1}: a text holds characters that cannot be stored`)
    }
  }
  return read.rows
}

const entryOf = ({ kind, event = '', name = '' }: Row): { readonly kind: EntryKind; readonly name: string } => {
  if (kind === 'profile-property') return { kind: 'profile', name: profileName }
  if (kind === 'event-property' && event !== '') return { kind: 'event', name: event }
  return { kind: kind === 'event' ? 'event' : 'event-property', name }
}

const writeOf =
  (row: Row): Write =>
  (before) => {
    const { kind, name } = entryOf(row)
    const property = row.name ?? ''
    const isWithin = name !== property || kind === 'profile'
    const after = isWithin
      ? { ...before, properties: { ...before?.properties, [property]: propertyPatch(row)(ownOf(before, property)) } }
      : patched(before ?? {}, patchOf(row))
    return checkedSchema(kind === 'profile' ? 'profile' : 'event', name, after)
  }

const ownOf = (schema: Schema | null, name: string): unknown =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : null

/** auth §6.3: what comes in is decided by who governs; a file must not be a way around. */
const refuseBlocking = async (
  { entries, mayUse }: CsvRouteDeps,
  request: Scoped,
  rows: readonly Row[],
  isWhole: boolean,
): Promise<void> => {
  if (mayUse(request.principal, 'lexicon:govern', request.project)) return
  const known = await entries.list(request.scope, { kinds: ['event', 'event-property'] })
  const blocked = new Set(
    known.flatMap(({ kind, name, definition }) => [
      ...(marksOf(definition).dropped === true ? [`${kind}//${name}`] : []),
      ...Object.entries(definition.properties ?? {}).flatMap(([property, schema]) =>
        marksOf(schema).dropped === true ? [`event-property/${name}/${property}`] : [],
      ),
    ]),
  )
  const named = new Set<string>()
  for (const row of rows) {
    const key = `${row.kind}/${row.event ?? ''}/${row.name}`
    named.add(key)
    if (['true', 'yes', '1'].includes(row.blocked?.toLowerCase() ?? '') !== blocked.has(key))
      throw new BlockingNotAllowed()
  }
  if (isWhole && [...blocked].some((key) => !named.has(key))) throw new BlockingNotAllowed()
}
