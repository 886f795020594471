import type { SessionSettings } from '../reports/index.ts'
import type { SessionRules } from './domain/sessions/sessions.ts'
import type { Definitions } from './ports.ts'
import type { ReadView } from './read-view.ts'

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

/** What the project's sessions go by at this moment. */
export const sessionRulesOf = async (definitions: Definitions, { scope }: ReadView): Promise<SessionRules> =>
  rulesOf(await definitions.sessionSettings(scope))
