/** What the project's lexicon does to names in questions (LEX-07, LEX-09). Kept by another slice, handed in from compose.ts. */
export interface NamesView {
  /** Events that lists of events, and "any event", leave out; or the only ones that they have. */
  readonly events: { readonly but: readonly string[] } | { readonly only: readonly string[] }
  /** Properties that lists leave out: of every event, and of one. */
  readonly hiddenProperties: {
    readonly ofEvery: readonly string[]
    readonly of: ReadonlyMap<string, readonly string[]>
  }
  readonly hiddenProfileProperties: readonly string[]
  /** By the name that is merged away: what it is read as. Nothing is read as a name that is itself merged away. */
  readonly mergedEvents: ReadonlyMap<string, string>
  readonly mergedProperties: ReadonlyMap<string, string>
}

/** Of a project whose lexicon says nothing. */
export const noNames: NamesView = {
  events: { but: [] },
  hiddenProperties: { ofEvery: [], of: new Map() },
  hiddenProfileProperties: [],
  mergedEvents: new Map(),
  mergedProperties: new Map(),
}
