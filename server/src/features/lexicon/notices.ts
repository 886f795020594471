import type { Scoped } from '../../http/route.ts'
import { jsonReply, type Route } from '../../http/route.ts'
import { dayMs } from '../../kernel/time.ts'
import { historyDays, type UnusualVolume, unusualVolumes } from './domain/volumes.ts'
import type { LexiconReader } from './read-lexicon.ts'
import { accepts, base, lexiconPath, noStore } from './route-parts.ts'
import type { Dictionary } from './store/clickhouse-dictionary.ts'
import type { LexiconSettingsStore } from './store/postgres-lexicon-settings-store.ts'

export interface NoticeRouteDeps {
  readonly reader: LexiconReader
  readonly settings: LexiconSettingsStore
  readonly dictionary: Dictionary
}

/** One a day of each kind. */
type Notice =
  | { readonly kind: 'volume'; readonly day: string; readonly events: readonly UnusualVolume[] }
  | { readonly kind: 'approval'; readonly day: string; readonly events: readonly { readonly event: string }[] }

// What is older is no news.
const noticeDays = 14

/**
 * LEX-09, LEX-11: of each of the last two weeks' days, which volumes were unusual and which new events came that wait. It is
 * worked out when it is asked for, from what is stored then: a notice never tells of somebody who was erased since.
 */
export const noticeRoutes = (deps: NoticeRouteDeps): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path: `${lexiconPath}/notices`,
    access: { accepts, project: 'path', permission: 'project:read' },
    handle: async (request: Scoped) => {
      const [volumes, approvals] = await Promise.all([volumeNotices(deps, request), approvalNotices(deps, request)])
      const results = [...volumes, ...approvals].sort((a, b) => (a.day === b.day ? 0 : a.day < b.day ? 1 : -1))
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  },
]

const isoDay = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)

const volumeNotices = async (deps: NoticeRouteDeps, request: Scoped): Promise<readonly Notice[]> => {
  const { scope, project, signal } = request
  const { settings } = await deps.settings.find(scope)
  const { enabled, look_back_days: lookBackDays } = settings.volume_monitoring
  if (!enabled) return []
  const [{ today, volumes }, items] = await Promise.all([
    deps.dictionary.dailyVolumes(scope, project.timezone, noticeDays + historyDays + lookBackDays, signal),
    deps.reader.events(request, false),
  ])
  // What is hidden, blocked or merged away is somebody's decision, and no surprise.
  const quiet = new Set(items.flatMap(({ name, status }) => (status === 'visible' ? [] : [name])))
  const watched = volumes.filter(({ event }) => !quiet.has(event))
  return Array.from({ length: noticeDays }, (_, back) => today - 1 - back).flatMap((day): readonly Notice[] => {
    const events = unusualVolumes(watched, day, lookBackDays)
    return events.length === 0 ? [] : [{ kind: 'volume', day: isoDay(day), events }]
  })
}

const approvalNotices = async (deps: NoticeRouteDeps, request: Scoped): Promise<readonly Notice[]> => {
  const pending = (await deps.reader.events(request, false)).filter((item) => item.pending)
  const byDay = Map.groupBy(pending, (item) => (item.first_seen?.toISOString() ?? '').slice(0, 10))
  return [...byDay].map(([day, items]) => ({
    kind: 'approval',
    day,
    events: items.map(({ name: event }) => ({ event })),
  }))
}
