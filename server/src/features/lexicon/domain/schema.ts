/** The two kinds that the Schemas API knows (LEX-01). */
export type EntityType = 'event' | 'profile'
/** `event-property`: what is said of a property whatever event has it; its definition is a `PropertySchema`. */
export type EntryKind = EntityType | 'event-property'

/** The name that the one schema of profiles goes by. */
export const profileName = '$user'

/** Null takes away what was said before. */
export interface PropertyMarks {
  readonly displayName?: string | null | undefined
  readonly hidden?: boolean | null | undefined
  readonly dropped?: boolean | null | undefined
}

export interface EntityMarks extends PropertyMarks {
  readonly $source?: string | null | undefined
  readonly tags?: readonly string[] | null | undefined
  readonly contacts?: readonly string[] | null | undefined
  readonly teamContacts?: readonly string[] | null | undefined
}

interface Marked<Marks> {
  readonly metadata?: { readonly 'com.mixpanel'?: Marks | undefined; readonly [other: string]: unknown } | undefined
  readonly description?: string | undefined
  /** Other keywords of JSON schema are kept as they are. */
  readonly [keyword: string]: unknown
}

export interface PropertySchema extends Marked<EntityMarks> {
  readonly type?: string | undefined
}

export interface Schema extends Marked<EntityMarks> {
  readonly properties?: Readonly<Record<string, PropertySchema>> | undefined
}

export const ours = 'com.mixpanel'

/** What is said of an entity or a property beside its schema. */
export const marksOf = (schema: Marked<EntityMarks> | null | undefined): EntityMarks => schema?.metadata?.[ours] ?? {}

/**
 * An upload takes the place of what was there, but for what it leaves out of `com.mixpanel`, of the entity and of each
 * property that both have: that stays, and null takes it away (lexicon §1).
 */
export const uploaded = (before: Schema | null, sent: Schema): Schema => {
  const schema = withMarks(before, sent)
  if (sent.properties === undefined) return schema
  const properties = Object.entries(sent.properties).map(
    ([name, property]) => [name, withMarks(ownOf(before?.properties, name), property)] as const,
  )
  return { ...schema, properties: Object.fromEntries(properties) }
}

const ownOf = <Value>(values: Readonly<Record<string, Value>> | undefined, name: string): Value | null =>
  values !== undefined && Object.hasOwn(values, name) ? (values[name] as Value) : null

const withMarks = <Kind extends Marked<EntityMarks>>(before: Marked<EntityMarks> | null, sent: Kind): Kind => {
  const kept = marksOf(before)
  const isSent = sent.metadata?.[ours] !== undefined
  if (!isSent && Object.keys(kept).length === 0) return sent
  return { ...sent, metadata: { ...sent.metadata, [ours]: withoutNulls({ ...kept, ...marksOf(sent) }) } }
}

const withoutNulls = (marks: EntityMarks): EntityMarks =>
  Object.fromEntries(Object.entries(marks).filter(([, value]) => value !== null && value !== undefined))

type Json = unknown
const isObject = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396: what is left out stays at every level, null takes away, lists are replaced. */
export const patched = (before: Json, patch: Json): Json => {
  if (!isObject(patch)) return patch
  const result = new Map(Object.entries(isObject(before) ? before : {}))
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, patched(result.get(name), value))
  }
  return Object.fromEntries(result)
}

/** What counts against the limit of updates: the entity, and each of its properties. */
export const sizeOf = ({ properties }: Schema): number => 1 + Object.keys(properties ?? {}).length
