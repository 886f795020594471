import { join } from 'node:path'
import { createProjectFacts } from '../../src/features/identity/index.ts'
import type { QueryCall } from '../../src/features/query/http/query-route.ts'
import { noNames } from '../../src/features/query/names-view.ts'
import { type CustomFacts, noCustomFacts, openReadView, type ReadView } from '../../src/features/query/read-view.ts'
import { createRun } from '../../src/features/query/run.ts'
import { projectScope } from '../../src/kernel/scope.ts'
import { migrateClickhouse } from '../../src/platform/clickhouse/migrate.ts'
import { openTestEngines } from './engines.ts'

/** An event as a row of the engine; `properties` are values, not texts. */
export interface RigEvent {
  readonly event: string
  readonly timeMs: number
  readonly who: string
  readonly properties?: Readonly<Record<string, unknown>>
}

/** The engine with its tables, to ask plans of questions without a server. Every `project` number is a fresh one. */
export const openQueryRig = async () => {
  const engines = await openTestEngines()
  await migrateClickhouse(engines.region, join(import.meta.dirname, '../../migrations/clickhouse'), (_name, work) =>
    work(),
  )
  let count = 0
  const rowOf = (projectId: number, { event, timeMs, who, properties = {} }: RigEvent) => {
    count += 1
    return JSON.stringify({
      project_id: projectId,
      event,
      time: new Date(timeMs).toISOString().slice(0, 23).replace('T', ' '),
      distinct_id: who,
      insert_id: `i${count}`,
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, JSON.stringify(value)])),
    })
  }
  const viewOf = (
    projectId: number,
    timezone: string,
    nowMs: number,
    custom: Partial<CustomFacts>,
  ): Promise<ReadView> =>
    openReadView(
      {
        ...createProjectFacts(() => engines.region),
        identity: async () => 'none',
        duplicates: async () => null,
        dataView: async () => null,
        classified: async () => ({ event: [], profile: [] }),
        names: async () => noNames,
        custom: async () => ({ ...noCustomFacts, ...custom }),
      },
      {
        principal: { kind: 'project-secret', projectId } as never,
        scope: projectScope(projectId, 'US'),
        project: { timezone },
        nowMs,
        signal: AbortSignal.timeout(600_000),
      },
    )
  return {
    engines,
    insert: (projectId: number, events: readonly RigEvent[]) =>
      engines.region.insert('event', events.map((event) => rowOf(projectId, event)).join('\n')),
    /** What an endpoint gets, to ask a plan with. */
    call: async (
      projectId: number,
      timezone: string,
      nowMs: number,
      custom: Partial<CustomFacts> = {},
    ): Promise<Pick<QueryCall, 'run' | 'view'>> => ({
      view: await viewOf(projectId, timezone, nowMs, custom),
      run: createRun(
        { regionDb: () => engines.region, limits: { timeoutMs: 60_000, memoryBytesMax: 1_000_000_000 } },
        AbortSignal.timeout(600_000),
      ),
    }),
    close: () => engines.close(),
  }
}

export type QueryRig = Awaited<ReturnType<typeof openQueryRig>>
