import type { SessionSettings } from '../reports/index.ts'
import { inheritedBySessions, type ProjectSessions, type SessionRules } from './domain/sessions/sessions.ts'

const rulesOf = (settings: SessionSettings): SessionRules => {
  switch (settings.mode) {
    case 'timeout':
      return { kind: 'timeout', timeoutMs: settings.timeout_minutes * 60_000 }
    case 'events':
      return { kind: 'events', start: settings.start_event, end: settings.end_event }
    case 'property':
      return { kind: 'property', property: settings.property }
  }
}

/** What a project's sessions go by, from its settings. */
export const projectSessions = (settings: SessionSettings): ProjectSessions => ({
  ...rulesOf(settings),
  excluded: settings.excluded_events ?? [],
  inherited: [...inheritedBySessions, ...(settings.inherited_properties ?? [])],
})
