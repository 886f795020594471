import type { LexiconList, LexiconStatus } from '../../api/lexicon.ts'

export type LexiconTab = LexiconList | 'settings'

/** What the page shows, as its link says it. */
export interface LexiconSearch {
  /** Default: events. */
  readonly list?: LexiconTab
  readonly q?: string
  readonly status?: LexiconStatus
  /** The name that is open. */
  readonly open?: string
}

const lists: readonly LexiconTab[] = ['events', 'event-properties', 'profile-properties', 'settings']
const statuses: readonly LexiconStatus[] = ['visible', 'hidden', 'pending', 'blocked', 'merged']

const textOf = (value: unknown): string | undefined =>
  (typeof value === 'string' || typeof value === 'number') && String(value) !== '' ? String(value) : undefined

export const lexiconSearch = (sent: Readonly<Record<string, unknown>>): LexiconSearch => {
  const [list, status] = [lists.find((one) => one === sent['list']), statuses.find((one) => one === sent['status'])]
  const [q, open] = [textOf(sent['q']), textOf(sent['open'])]
  return {
    ...(list === undefined || list === 'events' ? {} : { list }),
    ...(q === undefined ? {} : { q }),
    ...(status === undefined ? {} : { status }),
    ...(open === undefined ? {} : { open }),
  }
}
