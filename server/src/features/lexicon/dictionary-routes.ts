import { z } from 'zod'
import { jsonReply, type MayUse, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import type { PropertyItem } from './domain/dictionary.ts'
import { type EntryKind, patched, profileName } from './domain/schema.ts'
import { BlockingNotAllowed } from './errors.ts'
import type { LexiconReader } from './read-lexicon.ts'
import { accepts, base, lexiconPath, noStore, whoOf } from './route-parts.ts'
import { checkedSchema, entityName, types } from './schema-schema.ts'
import type { EntryStore, Write } from './store/postgres-entry-store.ts'
import type { MarkStore } from './store/postgres-mark-store.ts'

export interface DictionaryRouteDeps {
  readonly reader: LexiconReader
  readonly entries: EntryStore
  readonly marks: MarkStore
  readonly mayUse: MayUse
  /** Too many events wait. */
  readonly endApproval: (request: Scoped) => Promise<void>
}

const names = z.array(entityName).min(1).max(1_000)
const word = z.string().max(255)
const words = z.array(word).max(100)
const common = {
  display_name: word.nullable().optional(),
  description: z.string().max(10_000).nullable().optional(),
  hidden: z.boolean().nullable().optional(),
}
const ofEvents = {
  ...common,
  blocked: z.boolean().nullable().optional(),
  tags: words.nullable().optional(),
  contacts: words.nullable().optional(),
  team_contacts: words.nullable().optional(),
  verified: z.boolean().optional(),
}
const changes = {
  events: z.strictObject({ names, set: z.strictObject(ofEvents) }),
  'event-properties': z.strictObject({
    names,
    set: z.strictObject({ ...common, blocked: z.boolean().nullable().optional() }),
  }),
  'profile-properties': z.strictObject({ names, set: z.strictObject(common) }),
}
type What = keyof typeof changes
const kinds = { events: 'event', 'event-properties': 'event-property' } as const satisfies Record<string, EntryKind>
type Set_ = z.infer<(typeof changes)['events']>['set']

/** LEX-06: events, their properties and those of profiles, as found and as described; and what people say about them. */
export const dictionaryRoutes = (deps: DictionaryRouteDeps): readonly Route[] =>
  (Object.keys(changes) as What[]).flatMap((what): readonly Route[] => {
    const path = `${lexiconPath}/${what}`
    return [
      {
        ...base,
        method: 'GET',
        path,
        access: { accepts, project: 'path', permission: 'project:read' },
        handle: async (request: Scoped) =>
          jsonReply(200, { status: 'ok', results: await read(deps, what, request) }, noStore),
      },
      {
        ...base,
        method: 'PATCH',
        path,
        access: { accepts, project: 'path', permission: 'lexicon:write' },
        handle: (request: Scoped) => change(deps, what, request),
      },
    ]
  })

const read = (deps: DictionaryRouteDeps, what: What, request: Scoped): Promise<readonly object[]> => {
  const { reader } = deps
  const isFresh = request.query['refresh'] === '1'
  if (what === 'events') return events(deps, request, isFresh)
  if (what === 'profile-properties') return reader.profileProperties(request, isFresh)
  return reader.eventProperties(request, request.query['event'] || null, isFresh)
}

// LEX-09: nobody looks through more; then hiding them helps nobody.
const pendingCountMax = 3_000

const events = async (deps: DictionaryRouteDeps, request: Scoped, isFresh: boolean): Promise<readonly object[]> => {
  const items = await deps.reader.events(request, isFresh)
  if (items.filter(({ pending }) => pending).length <= pendingCountMax) return items
  await deps.endApproval(request)
  return deps.reader.events(request, false)
}

const change = async (deps: DictionaryRouteDeps, what: What, request: Scoped): Promise<Reply> => {
  const { names: all, set }: { readonly names: readonly string[]; readonly set: Set_ } = sentJson(
    changes[what],
    request.body,
  )
  const { verified, ...said } = set
  if (said.blocked !== undefined && !deps.mayUse(request.principal, 'lexicon:govern', request.project)) {
    throw new BlockingNotAllowed()
  }
  const unique = [...new Set(all)]
  if (Object.keys(said).length > 0) {
    const patch = patchOf(said)
    const entries =
      what === 'profile-properties'
        ? [await ofProfile(deps, request, unique, patch)]
        : unique.map((name) => ({ kind: kinds[what], name, write: writeOf(name, patch) }))
    await deps.entries.write(request.scope, { entries, truncated: [] }, whoOf(request))
  }
  if (verified !== undefined) await deps.marks.verify(request.scope, unique, verified, whoOf(request))
  return jsonReply(200, { status: 'ok', results: { changed: unique.length } }, noStore)
}

/** What is said of a property has the shape of what is said of an event. */
const writeOf =
  (name: string, patch: object): Write =>
  (before) =>
    checkedSchema('event', name, patched(before ?? {}, patch))

/** All properties of profiles are in one schema. One that was not described before is of the type that it mostly has. */
const ofProfile = async ({ reader }: DictionaryRouteDeps, request: Scoped, all: readonly string[], patch: object) => {
  const found = new Map((await reader.profileProperties(request, false)).map((item) => [item.name, item]))
  const write: Write = (before) => {
    const properties = Object.fromEntries(
      all.map((name) => [name, { ...(before?.properties?.[name] ?? { type: typeOf(found.get(name)) }) }]),
    )
    const described = patched(before ?? {}, { properties })
    const said = { properties: Object.fromEntries(all.map((name) => [name, patch])) }
    return checkedSchema('profile', profileName, patched(described, said))
  }
  return { kind: 'profile', name: profileName, write } as const
}

export const typeOf = (item: Pick<PropertyItem, 'types'> | undefined): string =>
  item?.types.find((type) => (types as readonly string[]).includes(type)) ?? 'string'

/** Only what was said; null takes away. */
const patchOf = ({
  display_name,
  description,
  hidden,
  blocked,
  tags,
  contacts,
  team_contacts,
}: Omit<Set_, 'verified'>) => {
  const marks = {
    displayName: display_name,
    hidden,
    dropped: blocked,
    tags,
    contacts,
    teamContacts: team_contacts,
  }
  const said = Object.fromEntries(Object.entries(marks).filter(([, value]) => value !== undefined))
  return {
    ...(description === undefined ? {} : { description }),
    ...(Object.keys(said).length === 0 ? {} : { metadata: { 'com.mixpanel': said } }),
  }
}
