import type { Scoped } from '../../http/route.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { type EventItem, eventItems, type PropertyItem, propertyItems } from './domain/dictionary.ts'
import type { Effects } from './domain/effects.ts'
import { type PropertySchema, profileName, type Schema } from './domain/schema.ts'
import { faultsOf } from './domain/standards.ts'
import type { KnownNames } from './known-names.ts'
import type { EffectsReader } from './store/postgres-effects.ts'
import type { EntryStore } from './store/postgres-entry-store.ts'
import type { LexiconSettingsStore } from './store/postgres-lexicon-settings-store.ts'
import type { MarkStore } from './store/postgres-mark-store.ts'

export interface ReadLexiconDeps {
  readonly entries: EntryStore
  readonly marks: MarkStore
  readonly settings: LexiconSettingsStore
  readonly effects: EffectsReader
  readonly known: KnownNames
  /** All classified properties of the project, whoever asks: their names are no secret (privacy §7). */
  readonly allClassified: (
    scope: ProjectScope,
  ) => Promise<{ readonly event: readonly string[]; readonly profile: readonly string[] }>
}

export interface LexiconReader {
  events(request: Scoped, isFresh: boolean): Promise<readonly EventItem[]>
  /** `event` null: properties of all events. */
  eventProperties(request: Scoped, event: string | null, isFresh: boolean): Promise<readonly PropertyItem[]>
  profileProperties(request: Scoped, isFresh: boolean): Promise<readonly PropertyItem[]>
}

/** What was said beside what was found (LEX-06). */
export const createLexiconReader = (deps: ReadLexiconDeps): LexiconReader => {
  const { entries, marks, settings, effects, known, allClassified } = deps
  const schemasOf = async (scope: ProjectScope, kind: 'event' | 'event-property') => {
    const all = await entries.list(scope, { kinds: [kind] })
    return new Map(all.map(({ name, definition }) => [name, definition]))
  }
  const approvedIn = async (scope: ProjectScope, { approvalSince }: Effects) =>
    approvalSince === null ? null : new Set(await known.approved(scope, approvalSince))
  return {
    events: async (request, isFresh) => {
      const { scope } = request
      const current = await effects.current(scope.projectId)
      const [found, schemas, all, { settings: now }, approved] = await Promise.all([
        known.events(request, isFresh),
        schemasOf(scope, 'event'),
        marks.list(scope),
        settings.find(scope),
        approvedIn(scope, current),
      ])
      const verified = new Map(
        all.flatMap((mark) => (mark.kind === 'event' && mark.verified !== null ? [[mark.name, mark.verified]] : [])),
      )
      return eventItems({ found, schemas, effects: current, verified, approved, faultsOf: faultsOf(now.standards) })
    },

    eventProperties: async (request, event, isFresh) => {
      const { scope } = request
      const [found, classified, ofEvery, ofEvent, { mergedProperties: merged }] = await Promise.all([
        known.eventProperties(request, event, isFresh),
        allClassified(scope),
        schemasOf(scope, 'event-property'),
        event === null ? [] : entries.list(scope, { kinds: ['event'], name: event }),
        effects.current(scope.projectId),
      ])
      const own = propertiesOf(ofEvent[0]?.definition)
      // What was said of the property of this event comes before what was said of every event's.
      const schemas = event === null ? ofEvery : new Map([...ofEvery, ...own])
      const names =
        event === null ? merged : new Map([...merged].filter(([name]) => found.some((one) => one.name === name)))
      const items = propertyItems({ found, schemas, merged: names, classified: new Set(classified.event) })
      return event === null ? items : items.filter((item) => item.count_30d > 0 || own.has(item.name))
    },

    profileProperties: async (request, isFresh) => {
      const { scope } = request
      const [found, classified, [profile]] = await Promise.all([
        known.profileProperties(request, isFresh),
        allClassified(scope),
        entries.list(scope, { kinds: ['profile'], name: profileName }),
      ])
      const schemas = propertiesOf(profile?.definition)
      return propertyItems({ found, schemas, merged: new Map(), classified: new Set(classified.profile) })
    },
  }
}

const propertiesOf = (schema: Schema | undefined): ReadonlyMap<string, PropertySchema> =>
  new Map(Object.entries(schema?.properties ?? {}))
