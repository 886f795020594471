/** What a lexicon does to rows and questions. Names that nothing was said about are in none of it. */
export interface Effects {
  /** 0: nothing was ever said. */
  readonly version: number
  readonly hiddenEvents: readonly string[]
  readonly blockedEvents: readonly string[]
  /** Events with an entry: somebody has decided about them (LEX-09). */
  readonly decidedEvents: ReadonlySet<string>
  readonly hiddenProperties: {
    readonly ofEvery: readonly string[]
    readonly of: ReadonlyMap<string, readonly string[]>
  }
  readonly hiddenProfileProperties: readonly string[]
  /** Taken out of new events; `event` left out: of every one. */
  readonly blockedProperties: readonly { readonly name: string; readonly event?: string }[]
  /** By the name that is merged away. */
  readonly mergedEvents: ReadonlyMap<string, string>
  readonly mergedProperties: ReadonlyMap<string, string>
  /** LEX-09, the engine's clock; null: new events wait for nobody. */
  readonly approvalSince: string | null
}

export const noEffects: Effects = {
  version: 0,
  hiddenEvents: [],
  blockedEvents: [],
  decidedEvents: new Set(),
  hiddenProperties: { ofEvery: [], of: new Map() },
  hiddenProfileProperties: [],
  blockedProperties: [],
  mergedEvents: new Map(),
  mergedProperties: new Map(),
  approvalSince: null,
}

/** What the door of the project has to do, in the words of its data rules; null: nothing. */
export interface BlockedNames {
  readonly events: readonly string[]
  readonly properties: Effects['blockedProperties']
}

export const blockedNames = ({ blockedEvents, blockedProperties }: Effects): BlockedNames | null =>
  blockedEvents.length === 0 && blockedProperties.length === 0
    ? null
    : { events: blockedEvents, properties: blockedProperties }

/** What questions go by (query/names-view.ts). */
export interface NamesInQuestions
  extends Pick<Effects, 'hiddenProperties' | 'hiddenProfileProperties' | 'mergedEvents' | 'mergedProperties'> {
  readonly events: { readonly but: readonly string[] } | { readonly only: readonly string[] }
}

/** `approved`: names of events from before approval was switched on; null: it is off. */
export const namesInQuestions = (effects: Effects, approved: readonly string[] | null): NamesInQuestions => {
  const { hiddenProperties, hiddenProfileProperties, mergedEvents, mergedProperties, hiddenEvents } = effects
  const rest = { hiddenProperties, hiddenProfileProperties, mergedEvents, mergedProperties }
  if (approved === null) return { ...rest, events: { but: hiddenEvents } }
  const hidden = new Set(hiddenEvents)
  const only = [...new Set([...approved, ...effects.decidedEvents])].filter((name) => !hidden.has(name))
  return { ...rest, events: { only } }
}
