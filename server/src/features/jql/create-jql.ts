import type { Reply, Route } from '../../http/route.ts'
import { InvalidRequest, Overloaded } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createConcurrencyLimit } from '../../platform/limits/concurrency-limit.ts'
import { createRollingLimit } from '../../platform/limits/rolling-limit.ts'
import {
  type Endpoint,
  optionalText,
  type QueryCall,
  type QueryRouteDeps,
  queryRoutes,
  requiredText,
} from '../query/index.ts'
import { type FindCustomEvent, withCustomEvents } from './custom-events.ts'
import { heldBody } from './held-body.ts'
import { openScript, type ScriptLimits } from './isolate/run-script.ts'
import { parseSourceRequest } from './source-request.ts'
import { openSource } from './store/clickhouse-source-reader.ts'

export interface JqlSettings extends ScriptLimits {
  /** False: every script is refused. */
  readonly isOn: boolean
  readonly countPerHourMax: number
  readonly concurrentMax: number
  /** Scripts of all projects that run on this server at once; each is a process. */
  readonly processCountMax: number
  /** Of the statement that reads the source, in the engine. */
  readonly engineMemoryBytesMax: number
}

export interface JqlDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly clock: Clock
  readonly settings: JqlSettings
  readonly customEvent: FindCustomEvent
  /** Facts and limits of the Query API, which JQL belongs to. */
  readonly query: QueryRouteDeps
}

const hourMs = 3_600_000
const refusal = 'Query rate limit exceeded'
// Scripts are written by hand; lists of ids in `params` may be long.
const bodyBytesMax = 4 * 2 ** 20

/** QRY-18: /api/query/jql and /api/2.0/jql. */
export const createJql = (deps: JqlDeps): { readonly routes: readonly Route[] } => {
  const { clock, settings } = deps
  const { countPerHourMax: countMax, concurrentMax } = settings
  const rate = createRollingLimit({ windowMs: hourMs, countMax, nowMs: () => clock.nowMs(), message: refusal })
  const concurrency = createConcurrencyLimit(concurrentMax, { message: refusal })
  let processCount = 0

  /** Answers what ends it; calling that again does nothing. */
  const begin = (projectId: number): (() => void) => {
    rate.take(projectId)
    const leave = concurrency.enter(projectId)
    if (processCount >= settings.processCountMax) {
      leave()
      throw new Overloaded('too many scripts are running; retry')
    }
    processCount += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      processCount -= 1
      leave()
    }
  }

  return {
    routes: jqlRoutes({
      query: deps.query,
      handle: async (call) => {
        if (!settings.isOn) throw new InvalidRequest('JQL is switched off on this server')
        return answer(deps, call, begin(call.request.project.id))
      },
    }),
  }
}

export interface JqlRouteDeps {
  readonly query: QueryRouteDeps
  readonly handle: Endpoint['handle']
}

/** Nothing of `deps` is looked at before a request comes. A script sees every event and profile, hence a permission of its own. */
export const jqlRoutes = (deps: JqlRouteDeps): readonly Route[] =>
  queryRoutes(deps.query, {
    name: 'jql',
    permission: 'jql:run',
    bodyBytesMax,
    handle: (call) => deps.handle(call),
  })

const answer = async (deps: JqlDeps, { params, view, request }: QueryCall, end: () => void): Promise<Reply> => {
  try {
    if (view.dataView !== null)
      throw new InvalidRequest('JQL answers about all project data only; leave out workspace_id')
    const input = { script: requiredText(params, 'script'), params: paramsOf(params), signal: request.signal }
    const script = await openScript(input, deps.settings)
    try {
      const { timeoutMs, engineMemoryBytesMax: memoryBytesMax } = deps.settings
      const wanted = await withCustomEvents(deps.customEvent, view.scope, parseSourceRequest(script.request))
      const db = deps.regionDb(view.scope.regionId)
      const records = openSource(db, view, wanted, { timeoutMs, memoryBytesMax }, request.signal)
      const body = await heldBody(script.results(records), end)
      const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' }
      return { status: 200, headers, body }
    } catch (error) {
      script.close()
      throw error
    }
  } catch (error) {
    end()
    throw error
  }
}

/** The global `params` of the script, as JSON text. */
const paramsOf = (params: QueryCall['params']): string => {
  const text = optionalText(params, 'params')
  if (text === undefined) return '{}'
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    // The parser's own text would quote what was sent.
    throw new InvalidRequest('params must be JSON')
  }
}
