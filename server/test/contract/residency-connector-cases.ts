import type { Asked, Sent } from './residency-cases.ts'

/** How the routes of connectors are asked, by an admin of the project. Nothing here connects to anywhere. */
export const connectorCases = (
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const ask =
    (rest: string, body?: (asked: Asked) => object) =>
    (asked: Asked): Sent => {
      const path = `/api/app/projects/${asked.home.id}/warehouse-sources${rest}`
      return body === undefined
        ? { path: `${path}?note=${asked.canary}`, headers }
        : { path, headers, body: body(asked) }
    }
  const source = ({ canary }: Asked) => ({
    name: canary,
    type: 'postgres',
    host: '192.0.2.1',
    database: canary,
    user: canary,
    password: canary,
  })
  const made = (import_type: string, more: object) => (asked: Asked) => ({
    import_type,
    warehouse_source_id: 424_242,
    table_params: { schema: asked.canary, table: asked.canary },
    sync_mode: 'one_time',
    ...more,
  })
  const buckets = '/api/app/projects/:projectId/connectors'
  const ofBucket =
    (rest: string) =>
    (asked: Asked): Sent => ({
      path: `/api/app/projects/${asked.home.id}/connectors${rest}?note=${asked.canary}`,
      headers,
    })
  const unknown = '/9d2f2c1e-2b8e-4e43-9d6a-0c6a3f2b7a11'
  const base = '/api/app/projects/:projectId/warehouse-sources'
  const one = '/imports/424242'
  return {
    [`GET ${buckets}`]: ofBucket('/'),
    [`POST ${buckets}`]: ({ home, canary }) => ({
      path: `/api/app/projects/${home.id}/connectors/`,
      headers,
      // Refused: an address of the installation's own network.
      body: {
        connector_type: 's3Import',
        connector_properties: {
          ...{ s3_bucket: canary, s3_region: 'us-east-1', s3_endpoint: 'http://192.0.2.1' },
          ...{ s3_access_key_id: canary, s3_secret_access_key: canary },
        },
        category_properties: { data_format: 'mixpanel_event' },
      },
    }),
    [`GET ${buckets}/:connectorId`]: ofBucket(unknown),
    [`DELETE ${buckets}/:connectorId`]: ofBucket(unknown),
    [`GET ${buckets}/:connectorId/history`]: ofBucket(`${unknown}/history`),
    [`GET ${base}`]: ask(''),
    [`POST ${base}`]: ask('', source),
    [`POST ${base}/test`]: ask('/test', source),
    [`DELETE ${base}/:sourceId`]: ask('/424242'),
    [`GET ${base}/imports`]: ask('/imports'),
    [`POST ${base}/imports/event-stream`]: ask(
      '/imports/event-stream',
      made('event_stream', { event_name: 'x', time_column_name: 't' }),
    ),
    [`POST ${base}/imports/people`]: ask('/imports/people', made('people', { user_column_name: 'u' })),
    [`POST ${base}/imports/groups`]: ask('/imports/groups', made('groups', { group_key: 'g', group_id_column: 'i' })),
    [`POST ${base}/imports/lookup-table`]: ask(
      '/imports/lookup-table',
      made('lookup_table', { mixpanel_property: { value: 'p', resourceType: 'event' }, property_key_column_name: 'k' }),
    ),
    [`GET ${base}/imports/:importId`]: ask(one),
    [`PATCH ${base}/imports/:importId`]: ask(one, () => ({ paused: true, run_every: 0 })),
    [`DELETE ${base}/imports/:importId`]: ask(one),
    [`PUT ${base}/imports/:importId/manual-sync`]: ask(`${one}/manual-sync`, () => ({})),
    [`GET ${base}/imports/:importId/history`]: ask(`${one}/history`),
  }
}
