// Sessions at query time (query §10): nothing of them is stored. All of them end at midnight of the project's zone.

/** An event of one person, by time. */
export interface SessionEvent {
  readonly timeMs: number
  /** Number of the day of the project's zone that it is in. */
  readonly day: number
  /** Event based: begins or ends a session. */
  readonly isStart?: boolean
  readonly isEnd?: boolean
  /** Property based: '' is a value, null is none. */
  readonly sessionId?: string | null
}

export type SessionMode =
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** From a start event to the end event; a second start is ignored, and an end without a start. */
  | { readonly kind: 'events' }
  | { readonly kind: 'property' }

/** The same with what makes it: how a project's sessions are put together. */
export type SessionRules =
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'events'; readonly start: string; readonly end: string }
  | { readonly kind: 'property'; readonly property: string }

/** With what a project has set beside it. */
export type ProjectSessions = SessionRules & {
  /** Events that are in no session, beside `notInSessions`. */
  readonly excluded: readonly string[]
  /** Names of properties that the events of sessions have from the first of their events that has one. */
  readonly inherited: readonly string[]
}

/** What the events of sessions say of them. */
export const sessionProperties = {
  duration: '$duration_s',
  eventCount: '$event_count',
  originStart: '$origin_start',
  originEnd: '$origin_end',
} as const

/** What every project's events of sessions inherit. */
export const inheritedBySessions: readonly string[] = [
  ...['$app_build_number', '$app_version_string', '$browser', '$city', '$country_code', '$current_url', '$device'],
  ...['$manufacturer', '$os', '$region', 'mp_country_code', 'mp_lib', 'mp_platform'],
  ...['utm_campaign', 'utm_content', 'utm_source'],
]

/** Events that are not stored: they are where a session begins and ends. */
export const sessionStartEvent = '$session_start'
export const sessionEndEvent = '$session_end'

export const defaultSessionMode: SessionRules = { kind: 'timeout', timeoutMs: 1_800_000 }

/** Events that are in no session: those about ids, and those that others send on somebody's behalf. */
export const notInSessions: readonly string[] = [
  '$identify',
  '$create_alias',
  '$merge',
  '$hotshard_events',
  '$hotshard_record',
  '$campaign_delivery',
  '$campaign_bounced',
  '$campaign_marked_spam',
  '$message_suppressed',
  '$unsubscribe',
  '$journey_entered',
]

/** The session of each event: numbers from 0, ascending by when a session begins; -1 for an event that is in none. */
export const sessionsOf = (mode: SessionMode, events: readonly SessionEvent[]): readonly number[] => {
  if (mode.kind === 'property') return byProperty(events)
  let session = -1
  let isOpen = false
  let previous: SessionEvent | undefined
  return events.map((event) => {
    const isNewDay = previous !== undefined && previous.day !== event.day
    if (mode.kind === 'timeout') {
      if (previous === undefined || isNewDay || event.timeMs - previous.timeMs > mode.timeoutMs) session += 1
      previous = event
      return session
    }
    previous = event
    if (isNewDay) isOpen = false
    if (event.isStart === true && !isOpen) {
      session += 1
      isOpen = true
    }
    const own = isOpen ? session : -1
    if (event.isEnd === true) isOpen = false
    return own
  })
}

const byProperty = (events: readonly SessionEvent[]): readonly number[] => {
  const numbers = new Map<string, number>()
  return events.map(({ sessionId, day }) => {
    if (sessionId === undefined || sessionId === null) return -1
    const key = `${day} ${sessionId}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, numbers.size)
    return numbers.size - 1
  })
}
