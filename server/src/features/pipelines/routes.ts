import { jsonReply, type Reply, type Route, type Scoped, type ScopedRoute } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { utcDay } from '../../kernel/time.ts'
import { type CreateRequest, parseCreateRequest, parseFilter } from './domain/create-request.ts'
import type { Pipeline, PipelineStore, Step, Who } from './store/postgres-pipeline-store.ts'

export interface PipelineRouteDeps {
  readonly store: PipelineStore
  /** Throws InvalidRequest for what cannot be read. */
  readonly checkWhere: (scope: ProjectScope, project: Project, where: string) => Promise<void>
  /** Looks at the bucket, then keeps it. Answers its name. */
  readonly create: (scope: ProjectScope, asked: CreateRequest, who: Who) => Promise<string>
  readonly wake: (regionId: string) => Promise<void>
  readonly nowMs: () => number
}

const base = '/api/2.0/nessie/pipeline'
const states = ['pending', 'running', 'retried', 'failed', 'canceled', 'timed_out', 'succeeded'] as const

type Answer = (request: Scoped, params: URLSearchParams) => Promise<object>

/** PIPE-01…06, RES-05: pipelines (pipelines §1). For owners and admins, and the project secret. */
export const pipelineRoutes = (deps: PipelineRouteDeps): readonly Route[] => {
  const { store } = deps
  const route = (method: 'GET' | 'POST', name: string, answer: Answer): ScopedRoute => ({
    surface: 'query',
    method,
    path: `${base}/${name}`,
    hostFamily: 'data',
    bodyBytesMax: 1_024 * 1_024,
    access: {
      accepts: ['service-account', 'project-secret'],
      project: 'project_id-query-or-form',
      permission: 'pipelines:manage',
    },
    handle: async (request): Promise<Reply> => jsonReply(200, await answer(request, paramsOf(request))),
  })

  const create: Answer = async (request, params) => {
    const asked = parseCreateRequest(params, deps.nowMs())
    await checkFilter(request, asked.settings.where)
    const name = await deps.create(request.scope, asked, whoOf(request))
    await deps.wake(request.scope.regionId)
    return { pipeline_names: [name] }
  }
  const checkFilter = async ({ scope, project }: Scoped, where: string | null): Promise<void> => {
    if (where !== null) await deps.checkWhere(scope, project, where)
  }
  const edit: Answer = async (request, params) => {
    const filter = parseFilter(params)
    const changed = {
      ...(params.has('events') ? { events: filter.events } : {}),
      ...(params.has('where') ? { where: filter.where } : {}),
    }
    await checkFilter(request, filter.where)
    await store.edit(request.scope, nameOf(params), changed, whoOf(request))
    return { status: 'ok' }
  }
  const paused =
    (isPaused: boolean): Answer =>
    async (request, params) => {
      await store.pause(request.scope, nameOf(params), isPaused, whoOf(request))
      if (!isPaused) await deps.wake(request.scope.regionId)
      return { status: 'ok' }
    }
  const cancel: Answer = async (request, params) => {
    await store.remove(request.scope, nameOf(params), whoOf(request))
    return { status: 'ok' }
  }
  const jobs: Answer = async ({ scope }) => {
    const listed = await Promise.all(
      (await store.list(scope)).map(async (pipeline) => jobOf(pipeline, await store.steps(pipeline.id))),
    )
    return { [scope.projectId]: listed }
  }
  const status: Answer = async ({ scope }, params) => {
    const pipeline = await store.find(scope, nameOf(params))
    const wanted = params.getAll('status').flatMap((text) => text.split(','))
    const groups = new Map<string, object[]>()
    for (const step of await store.steps(pipeline.id)) {
      if (wanted.length > 0 && !wanted.includes(step.state)) continue
      groups.set(step.state, [...(groups.get(step.state) ?? []), stepOf(pipeline, step)])
    }
    const isSummary = /^(true|1)$/i.test(params.get('summary') ?? '')
    const named = states.filter((state) => groups.has(state))
    return Object.fromEntries(
      named.map((state) => [state, isSummary ? (groups.get(state)?.length ?? 0) : groups.get(state)]),
    )
  }
  const timeline: Answer = async ({ scope }, params) => {
    const pipeline = await store.find(scope, nameOf(params))
    const days = new Map<string, Step[]>()
    for (const step of await store.steps(pipeline.id)) {
      const day = utcDay(step.fromMs)
      days.set(day, [...(days.get(day) ?? []), step])
    }
    return { day_syncs: [...days].map(([date, steps]) => daySyncOf(date, steps)) }
  }

  return [
    route('GET', 'jobs', jobs),
    route('POST', 'create', create),
    route('POST', 'edit', edit),
    route('POST', 'cancel', cancel),
    route('POST', 'pause', paused(true)),
    route('POST', 'resume', paused(false)),
    // Documented samples send them either way.
    ...(['GET', 'POST'] as const).flatMap((method) => [
      route(method, 'status', status),
      route(method, 'timeline', timeline),
    ]),
  ]
}

const paramsOf = (request: Scoped): URLSearchParams => {
  const params = new URLSearchParams(request.body.toString('utf8'))
  for (const [name, value] of Object.entries(request.query)) if (!params.has(name)) params.append(name, value)
  return params
}

const nameOf = (params: URLSearchParams): string => {
  const name = params.get('name') ?? ''
  if (name === '') throw new InvalidRequest('name is required')
  return name
}

const whoOf = ({ principal, project, requestId }: Scoped): Who => ({
  actor: actorOf(principal),
  organizationId: project.organizationId,
  requestId,
})

const wallTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')

const jobOf = (pipeline: Pipeline, steps: readonly Step[]) => ({
  name: pipeline.name,
  Dispatcher: pipeline.endsAtMs === null ? 'recurring' : 'backfill',
  last_dispatched: steps.length === 0 ? '' : `${wallTime(Math.max(...steps.map((step) => step.startedAtMs)))} UTC`,
  frequency: pipeline.frequency,
  // Raw files are written once.
  sync_enabled: 'false',
  paused: pipeline.isPaused,
})

const stepOf = (pipeline: Pipeline, step: Step) => ({
  name: pipeline.name,
  state: step.state,
  last_finish: step.endedAtMs === null ? '' : new Date(step.endedAtMs).toISOString(),
  run_at: new Date(step.startedAtMs).toISOString(),
  from_date: new Date(step.fromMs).toISOString(),
  to_date: new Date(step.toMs).toISOString(),
})

const daySyncOf = (date: string, steps: readonly Step[]) => ({
  date,
  sync_times: steps.flatMap(({ endedAtMs }) => (endedAtMs === null ? [] : [`${wallTime(endedAtMs)} +0000 UTC`])),
  status: steps.every(({ state }) => state === 'succeeded') ? 'synced' : 'pending',
})
