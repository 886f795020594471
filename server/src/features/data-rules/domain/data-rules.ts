/** A scalar as JSON has it. */
export type RuleValue = string | number | boolean

/** From best to worst for whoever counts, from worst to best for whoever said no. */
export type ConsentPolicy = 'store' | 'anonymise' | 'drop'

/** Events that have one of `values` in every one of `properties` are dropped (PRIV-35). */
export interface DropFilter {
  readonly event: string
  readonly properties: readonly { readonly name: string; readonly values: readonly RuleValue[] }[]
}

export interface Consent {
  /** What `Sec-GPC: 1` and `DNT: 1` mean here. */
  readonly sec_gpc: ConsentPolicy
  readonly dnt: ConsentPolicy
  /** A property whose `values` say no; null: none is asked. */
  readonly property: {
    readonly name: string
    readonly values: readonly RuleValue[]
    readonly policy: ConsentPolicy
  } | null
}

/** What is done to the property `name`, of the event named or of every event; of events, profiles or both. */
export interface PropertyRule {
  readonly name: string
  readonly event?: string | undefined
  readonly of: readonly ('events' | 'profiles')[]
  readonly do: 'drop' | 'hash' | 'truncate'
  /** Characters that `truncate` leaves. */
  readonly length?: number | undefined
}

/** What a project wants done to its data at the door, as it goes out and comes in (privacy §6). */
export interface DataRules {
  readonly drop_filters: readonly DropFilter[]
  readonly blocked_events: readonly string[]
  readonly consent: Consent
  readonly properties: readonly PropertyRule[]
}

export const noRules: DataRules = {
  drop_filters: [],
  blocked_events: [],
  consent: { sec_gpc: 'store', dnt: 'store', property: null },
  properties: [],
}
