/** How long events are kept, by event date, in whole UTC days; null: for ever (privacy §4). */
export interface Retention {
  /** Undefined: the project has no rule of its own and goes by the installation's default. */
  readonly days?: number | null | undefined
  /** Events of these names go by their own rule, shorter or longer than the project's. */
  readonly events: readonly { readonly event: string; readonly days: number | null }[]
}

/** Before 1971 there are no events (ingestion §7): more days would only say "for ever". */
export const retentionDaysMax = 18_250
/** Names with a rule of their own; every read of the project carries them. */
export const retentionEventCountMax = 500

/** Rows of the engine's copy: project 0 is the default, event '' the project itself, 0 days for ever. */
export interface RetentionRow {
  readonly projectId: number
  readonly event: string
  readonly keepDays: number
}
