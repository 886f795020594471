import type { Project } from '../../kernel/project.ts'
import type { SentRecord } from './domain/decode-records.ts'
import type { DropReason } from './domain/event-draft.ts'

/** What a browser says about its user with a request. */
export interface PrivacySignals {
  readonly gpc: boolean
  readonly dnt: boolean
}

/** What the rules of a project leave of a record. `isAnonymous`: it must not be told whose it is, or where from. */
export type RuledRecord =
  | { readonly kind: 'pass'; readonly record: SentRecord; readonly isAnonymous: boolean }
  | { readonly kind: 'drop'; readonly reason: DropReason }

/** The rules of one project (privacy §6), asked before anything else looks at a record. */
export interface DataDoor {
  event(record: SentRecord, signals: PrivacySignals): RuledRecord
  update(record: SentRecord, signals: PrivacySignals): RuledRecord
}

/** Answers at once when it can. Null: the project has no rules. */
export interface DataRules {
  doorOf(project: Project): DataDoor | null | Promise<DataDoor | null>
}

/** PRIV-31: ids that were erased and asked not to come back. Asked for every event: answers at once when it can. */
export interface SuppressionList {
  isSuppressed(project: Project, distinctId: string): boolean | Promise<boolean>
}

export type IngestSurface = 'track' | 'import' | 'engage' | 'groups'

/** For counters: what became of records, and why. Nothing personal; reasons are closed unions. */
export type OnOutcome = (
  surface: IngestSurface,
  outcome: 'accept' | 'drop' | 'reject' | 'wrong-region',
  reason: string,
  recordCount: number,
) => void

/** Counts by outcome and reason while a request runs, and reports each once. */
export const createTally = (surface: IngestSurface, onOutcome: OnOutcome) => {
  const counts = new Map<string, number>()
  return {
    add: (outcome: Parameters<OnOutcome>[1], reason = ''): void => {
      const key = `${outcome}/${reason}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    report: (): void => {
      for (const [key, count] of counts) {
        const [outcome = '', reason = ''] = key.split('/')
        onOutcome(surface, outcome as Parameters<OnOutcome>[1], reason, count)
      }
    },
  }
}

export type Tally = ReturnType<typeof createTally>
