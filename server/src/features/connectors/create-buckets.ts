import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { startWorker } from '../../platform/postgres/leased-worker.ts'
import { jsonOf, parsed } from './bodies.ts'
import type { ConnectorsDeps } from './create-connectors.ts'
import { access, base, noStore } from './routes.ts'
import { runBucket } from './run-bucket.ts'
import { type BucketConnector, createBucketStore, type NewBucketConnector } from './store/postgres-bucket-store.ts'
import type { openS3Bucket } from './store/s3-bucket.ts'

const path = '/api/app/projects/:projectId/connectors'
const page = (data: readonly object[]) => ({ url: null, has_more: false, data })
const ok = (results: object | string) => jsonReply(200, { status: 'ok', results }, noStore)
type BucketDeps = Pick<
  ConnectorsDeps,
  'control' | 'appendAudit' | 'clock' | 'outbound' | 'sealKey' | 'regionIds' | 'openProject' | 'rowDoor' | 'onProblem'
>

export interface BucketHandlers {
  readonly list: (request: Scoped) => Promise<readonly BucketConnector[]>
  readonly create: (request: Scoped) => Promise<BucketConnector>
  readonly find: (request: Scoped) => Promise<BucketConnector>
  readonly remove: (request: Scoped) => Promise<void>
}

/** CONN-01, RES-07. */
export const bucketRoutes = (handlers: BucketHandlers): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path,
    access,
    handle: async (request: Scoped) => ok(page((await handlers.list(request)).map(shown))),
  },
  {
    ...base,
    method: 'POST',
    path,
    access,
    handle: async (request: Scoped) => ok(shown(await handlers.create(request))),
  },
  {
    ...base,
    method: 'GET',
    path: `${path}/:connectorId`,
    access,
    handle: async (request: Scoped) => ok(shown(await handlers.find(request))),
  },
  {
    ...base,
    method: 'DELETE',
    path: `${path}/:connectorId`,
    access,
    handle: async (request: Scoped) => {
      await handlers.remove(request)
      return ok(`Successfully deleted Connector with ID:${request.params['connectorId']}`)
    },
  },
  {
    ...base,
    method: 'GET',
    path: `${path}/:connectorId/history`,
    access,
    handle: async (request: Scoped) => ok(page([shownRun(await handlers.find(request))])),
  },
]

/** Wires imports from buckets: routes, and a worker per region. */
export const createBuckets = (deps: BucketDeps) => {
  const nowMs = () => deps.clock.nowMs()
  const buckets = createBucketStore(deps.control, deps.appendAudit, deps.sealKey)
  const idIn = ({ params }: Scoped): string => params['connectorId'] ?? ''
  type Asked = Parameters<typeof openS3Bucket> extends [unknown, ...infer Rest] ? Rest : never
  // Loaded for whoever reads a bucket: 30 MB of memory.
  const openBucket = async (...asked: Asked) =>
    (await import('./store/s3-bucket.ts')).openS3Bucket(deps.outbound, ...asked)
  return {
    routes: bucketRoutes({
      list: ({ scope }) => buckets.list(scope),
      find: (request) => buckets.find(request.scope, idIn(request)),
      create: async (request) => {
        const asked = askedOf(request, nowMs())
        // Refuses an endpoint that must not be connected to now, and not only in the history.
        ;(await openBucket(asked.place, asked.keys)).close()
        return buckets.create(request.scope, asked, whoOf(request))
      },
      remove: (request) => buckets.remove(request.scope, idIn(request), nowMs(), whoOf(request)),
    }),
    startWorkers: () => {
      const workers = deps.regionIds.map((regionId) => {
        const round = async (signal: AbortSignal): Promise<boolean> => {
          const connector = await buckets.take(regionId, nowMs())
          if (connector !== null) await runBucket({ ...deps, buckets, nowMs, openBucket }, connector, signal)
          return connector !== null
        }
        return startWorker({
          leaseName: `bucket worker ${regionId}`,
          control: deps.control,
          rounds: [round],
          onProblem: (error) => deps.onProblem(regionId, error),
        })
      })
      return async () => {
        await Promise.all(workers.map((worker) => worker.stop()))
      }
    },
  }
}

const text = z.string().max(1_024)
const body = z.strictObject({
  connector_type: z.enum(['s3Import', 'gcsImport']),
  connector_properties: z.record(z.string().max(64), text),
  category_properties: z.strictObject({ data_format: text, compression: z.enum(['none', 'gzip']).default('none') }),
})
const s3Properties = z.strictObject({
  s3_bucket: z.string().min(1).max(255),
  s3_prefix: text.default(''),
  s3_region: z.string().min(1).max(64),
  s3_access_key_id: z.string().min(1).max(255),
  s3_secret_access_key: z.string().min(1).max(255),
  s3_endpoint: text.optional(),
})
const formats = ['mixpanel_event', 'mixpanel_people', 'mixpanel_group'] as const

const askedOf = (request: Scoped, nowMs: number): NewBucketConnector => {
  const sent = parsed(body, jsonOf(request))
  if (sent.connector_type === 'gcsImport')
    throw new InvalidRequest('this server imports from S3 only, not from Google Cloud Storage')
  if ('s3_role' in sent.connector_properties) {
    throw new InvalidRequest('this server assumes no roles: give s3_access_key_id and s3_secret_access_key')
  }
  const format = formats.find((one) => one === sent.category_properties.data_format)
  if (format === undefined) throw new InvalidRequest(`data_format is one of ${formats.join(', ')}`)
  const of = parsed(s3Properties, sent.connector_properties)
  return {
    place: { bucket: of.s3_bucket, prefix: of.s3_prefix, region: of.s3_region, endpoint: of.s3_endpoint ?? null },
    category: { data_format: format, compression: sent.category_properties.compression },
    keys: { accessKeyId: of.s3_access_key_id, secretAccessKey: of.s3_secret_access_key },
    nowMs,
  }
}

const shown = ({
  id,
  properties: { bucket, prefix, region, endpoint },
  category,
  created_at,
  created_by,
}: BucketConnector) => ({
  connector_id: id,
  label: '',
  connector_type: 's3Import',
  connector_properties: {
    ...{ s3_bucket: bucket, s3_prefix: prefix, s3_region: region },
    ...(endpoint === null ? {} : { s3_endpoint: endpoint }),
  },
  category_properties: category,
  status: 'active',
  created_at: created_at.toISOString(),
  created_by,
})

const shownRun = (one: BucketConnector) => ({
  id: one.run_id,
  start_time: one.started_at?.toISOString() ?? null,
  end_time: one.ended_at?.toISOString() ?? null,
  status: one.state,
  progress: one.state === 'success' ? 1 : one.done_file_count / Math.max(1, one.file_count ?? 1),
  error: one.error === null ? null : { message: one.error, code: 'IMPORT_FAILED' },
  connector_properties: {
    num_events_imported: one.imported_count,
    num_events_processed: one.imported_count + one.dropped_count,
    num_events_dropped: one.dropped_count,
    num_files_imported: one.done_file_count,
    size_imported: one.imported_bytes,
  },
})

const whoOf = ({ principal, project: { organizationId }, requestId }: Scoped) => ({
  actor: actorOf(principal),
  organizationId,
  requestId,
})
