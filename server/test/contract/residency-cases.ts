import { randomUUID } from 'node:crypto'
import { systemRoutes } from '../../src/compose-system-routes.ts'
import { accessRoutes } from '../../src/features/access/routes.ts'
import { accountRoutes } from '../../src/features/accounts/create-accounts.ts'
import { createAudit } from '../../src/features/audit/index.ts'
import { classificationRoutes } from '../../src/features/classification/create-classification.ts'
import { bucketRoutes } from '../../src/features/connectors/create-buckets.ts'
import { connectorRoutes } from '../../src/features/connectors/routes.ts'
import { lifecycleRoutes } from '../../src/features/data-lifecycle/routes.ts'
import { dataRulesRoutes } from '../../src/features/data-rules/routes.ts'
import { exportRoutes } from '../../src/features/export/create-export.ts'
import { groupKeyRoutes } from '../../src/features/groups/routes.ts'
import { ingestionRoutes } from '../../src/features/ingestion/routes.ts'
import { jqlRoutes } from '../../src/features/jql/create-jql.ts'
import { lexiconRoutes } from '../../src/features/lexicon/create-lexicon.ts'
import { lookupTableRoutes } from '../../src/features/lookup-tables/routes.ts'
import { peopleRoutes } from '../../src/features/people/routes.ts'
import { pipelineRoutes } from '../../src/features/pipelines/routes.ts'
import { privacyPageRoutes } from '../../src/features/privacy/page-routes.ts'
import { privacyRoutes } from '../../src/features/privacy/routes.ts'
import { suppressionRoutes } from '../../src/features/privacy/suppression-route.ts'
import { queryApiRoutes } from '../../src/features/query/create-query.ts'
import { reportRoutes } from '../../src/features/reports/create-reports.ts'
import { createResidency } from '../../src/features/residency/index.ts'
import { sdkRoutes } from '../../src/features/sdk/routes.ts'
import { signInRoutes } from '../../src/features/sign-in/create-sign-in.ts'
import { ssoRoutes } from '../../src/features/sso/create-sso.ts'
import { webRoutes } from '../../src/features/web/create-web.ts'
import type { Route, SurfaceName } from '../../src/http/route.ts'
import { basic, bearer, type SendOptions } from '../support/lethe.ts'
import { adminAccount, eu, owner, us } from '../support/provision.ts'
import { accountCases, accountRegionless } from './residency-account-cases.ts'
import { connectorCases } from './residency-connector-cases.ts'
import { lexiconCases } from './residency-lexicon-cases.ts'
import { lifecycleCases } from './residency-lifecycle-cases.ts'
import { peopleCases } from './residency-people-cases.ts'
import { pipelineCases } from './residency-pipeline-cases.ts'
import { privacyPageCases, privacyPageRegionless } from './residency-privacy-cases.ts'
import { queryCases } from './residency-query-cases.ts'
import { signInRegionless } from './residency-sign-in-cases.ts'
import { ssoRegionless } from './residency-sso-cases.ts'

// Every route of the server, and how it is asked about a project (residency §4). A new route has to get a case here.

/** Where a project lives, and the names that a refusal elsewhere has to give. */
export interface Home {
  readonly id: number
  readonly token: string
  readonly host: string
  readonly api: string
  readonly data: string
  readonly web: string
  readonly folder: string
}

export const homes = {
  US: {
    ...us,
    host: 'us.lethe.localhost',
    api: 'api.mixpanel.com',
    data: 'data.mixpanel.com',
    web: 'mixpanel.com',
    folder: 'us',
  },
  EU: {
    ...eu,
    host: 'eu.lethe.localhost',
    api: 'api-eu.mixpanel.com',
    data: 'data-eu.mixpanel.com',
    web: 'eu.mixpanel.com',
    folder: 'eu',
  },
} as const satisfies Record<string, Home>
export const directions: readonly (readonly [Home, Home])[] = [
  [homes.US, homes.EU],
  [homes.EU, homes.US],
]

const none = {} as never
/** The route lists that compose.ts puts together, under the text by which it does. Nothing here is handled. */
export const routeLists: Readonly<Record<string, readonly Route[]>> = {
  'ingestion.routes': ingestionRoutes(none),
  'connectors.routes': [...connectorRoutes(none), ...bucketRoutes(none)],
  'lookupTables.routes': lookupTableRoutes(none),
  'createSdk(': sdkRoutes(none),
  'pipelines.routes': pipelineRoutes(none),
  'dataRules.routes': dataRulesRoutes(none),
  'lexicon.routes': lexiconRoutes(none),
  'classification.routes': classificationRoutes(none),
  'dataLifecycle.routes': lifecycleRoutes(none),
  'createGroups(': groupKeyRoutes(none),
  'createExport(': exportRoutes(none),
  'reports.routes': reportRoutes(none),
  'query.routes': [...queryApiRoutes(none), ...jqlRoutes(none)],
  'people.routes': peopleRoutes(none),
  'privacy.routes': [...privacyRoutes(none), ...privacyPageRoutes(none)],
  'suppressionRoutes(': suppressionRoutes(none),
  'access.routes': accessRoutes(none),
  'signIn.routes': signInRoutes(none),
  'audit.routes': createAudit(none).routes,
  'accounts.routes': accountRoutes(none),
  'sso.routes': ssoRoutes(none),
  'createResidency(': createResidency({ regions: [], servedRegionIds: new Set() }).routes,
  'composeWeb(': webRoutes({ pages: null, regions: [] }),
  'systemRoutes(': systemRoutes(none),
}
export const allRoutes = Object.values(routeLists).flat()
export const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`

export interface Asked {
  readonly home: Home
  readonly canary: string
  /** Of a retrieval that is done, and of a deletion that waits. */
  readonly retrievalId: string
  readonly deletionId: string
  readonly link: string
  /** Headers of an owner who has logged in. */
  readonly session: Readonly<Record<string, string>>
}
export interface Sent extends SendOptions {
  readonly path: string
}

const nowSeconds = () => Math.floor(Date.now() / 1_000)
export const anEvent = (token: string, canary: string) => ({
  event: `event ${canary}`,
  properties: { token, distinct_id: `id ${canary}`, $insert_id: randomUUID(), time: nowSeconds(), note: canary },
})
export const anUpdate = (token: string, canary: string) => ({
  $token: token,
  $distinct_id: `id ${canary}`,
  $set: { note: canary },
})
const aGroupChange = (token: string, canary: string) => ({
  $token: token,
  $group_key: 'company',
  $group_id: `id ${canary}`,
  $set: { note: canary },
})
export const asAccount = basic(adminAccount.username, adminAccount.secret)
export const asOfficer = bearer(owner.gdprToken)
export const today = () => new Date().toISOString().slice(0, 10)

const lookupTableId = '55b4fb2b-e8de-466c-930f-8b36640b9b5e'
const formOf = (records: object): string => `data=${encodeURIComponent(JSON.stringify(records))}`
const queryForm = (path: string, records: object): Sent => ({ path: `${path}?${formOf(records)}` })
export const importPath = ({ id }: Home): string => `/import?strict=1&project_id=${id}`
const exportForm = ({ home, canary }: Asked): string =>
  `project_id=${home.id}&from_date=${today()}&to_date=${today()}&event=${encodeURIComponent(JSON.stringify([canary]))}`
const exportQuery = (asked: Asked): Sent => ({ path: `/api/2.0/export?${exportForm(asked)}`, headers: asAccount })
const tasksOf = (kind: 'retrieval' | 'deletion', version: string): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const path = `/api/app/data-${kind}s/${version}`
  const with_ = (suffix: string, { home, canary }: Asked) => `${path}${suffix}?token=${home.token}&note=${canary}`
  const idOf = (asked: Asked) => `/${kind === 'retrieval' ? asked.retrievalId : asked.deletionId}`
  return {
    [`POST ${path}`]: (asked) => ({
      path: with_('', asked),
      headers: asOfficer,
      body: { distinct_ids: [`id ${asked.canary}`], compliance_type: 'GDPR' },
    }),
    [`GET ${path}/:trackingId`]: (asked) => ({ path: with_(idOf(asked), asked), headers: asOfficer }),
    [`DELETE ${path}/:trackingId`]: (asked) => ({ path: with_(idOf(asked), asked), headers: asOfficer }),
  }
}
const sideCall =
  (path: string) =>
  ({ home, canary }: Asked): Sent => ({ path: `${path}?token=${home.token}&note=${canary}` })
const cancelMany = (version: string) => (asked: Asked) => ({
  path: `/api/app/data-deletions/${version}?token=${asked.home.token}`,
  headers: asOfficer,
  body: { distinct_ids: [`id ${asked.canary}`] },
})

const savedNames = ['funnels', 'bookmarks', 'cohorts', 'custom-events', 'data-views', 'custom-properties'] as const
const appPath = ({ home, canary }: Asked, suffix: string): string =>
  `/api/app/projects/${home.id}/${suffix}?note=${canary}`
/** Bodies need not be right: a refusal comes before them. */
const appCase =
  (method: string, suffix: string) =>
  (asked: Asked): Sent => ({
    path: appPath(asked, suffix),
    headers: asAccount,
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: { name: asked.canary } }),
  })
const appCases = (methods: readonly string[], pattern: string, suffix: string) =>
  Object.fromEntries(
    methods.map((method) => [`${method} /api/app/projects/:projectId/${pattern}`, appCase(method, suffix)]),
  )
/** Notes by the paths of before the app API. */
const oldAnnotationCases = (): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const sent = `date=${today()}%2010:00:00&id=1`
  return Object.fromEntries(
    ['/api/2.0', '/api/query'].flatMap((family) =>
      ['', '/create', '/update', '/delete'].map((name) => [
        `GET ${family}/annotations${name}`,
        ({ home, canary }: Asked): Sent => ({
          path: `${family}/annotations${name}?project_id=${home.id}&${sent}&description=${canary}`,
          headers: asAccount,
        }),
      ]),
    ),
  )
}
const savedCases: Readonly<Record<string, (asked: Asked) => Sent>> = {
  ...Object.assign(
    {},
    ...savedNames.flatMap((name) => [
      appCases(['GET', 'POST'], name, name),
      appCases(['GET', 'PATCH', 'DELETE'], `${name}/:definitionId`, `${name}/1`),
    ]),
  ),
  ...appCases(['PUT', 'POST'], 'cohorts/:definitionId/members', 'cohorts/1/members'),
  ...appCases(['GET', 'PUT'], 'session-settings', 'session-settings'),
  ...appCases(['GET', 'POST'], 'annotations', 'annotations'),
  ...appCases(['GET', 'POST'], 'annotations/tags', 'annotations/tags'),
  ...appCases(['GET', 'PATCH', 'DELETE'], 'annotations/:annotationId', 'annotations/1'),
  ...oldAnnotationCases(),
}

/** How each route that concerns a project is asked. Everything here would be served on a host of the right region. */
export const cases: Readonly<Record<string, (asked: Asked) => Sent>> = {
  'GET /track': ({ home, canary }) => queryForm('/track', anEvent(home.token, canary)),
  'POST /track': ({ home, canary }) => ({ path: '/track?verbose=1', body: [anEvent(home.token, canary)] }),
  'GET /engage': ({ home, canary }) => queryForm('/engage', anUpdate(home.token, canary)),
  'POST /engage': ({ home, canary }) => ({ path: '/engage', body: [anUpdate(home.token, canary)] }),
  'GET /groups': ({ home, canary }) => queryForm('/groups', aGroupChange(home.token, canary)),
  'POST /groups': ({ home, canary }) => ({ path: '/groups', body: [aGroupChange(home.token, canary)] }),
  'GET /import': ({ home, canary }) => ({
    path: `${importPath(home)}&${formOf(anEvent(home.token, canary))}`,
    headers: asAccount,
  }),
  'POST /import': ({ home, canary }) => ({
    path: importPath(home),
    headers: asAccount,
    body: [anEvent(home.token, canary)],
  }),
  'GET /flags': sideCall('/flags'),
  'POST /flags': sideCall('/flags'),
  'GET /flags/definitions': sideCall('/flags/definitions'),
  'POST /flags/:flagId/first-time-events': sideCall('/flags/1/first-time-events'),
  'GET /settings': ({ home, canary }) => ({ path: `/settings?note=${canary}`, headers: basic(home.token) }),
  'POST /record': (asked) => ({ ...sideCall('/record')(asked), body: asked.canary }),
  'GET /decide': sideCall('/decide'),
  'POST /decide': sideCall('/decide'),
  ...queryCases(asAccount),
  'GET /api/2.0/export': exportQuery,
  'POST /api/2.0/export': (asked) => ({ ...exportQuery(asked), body: exportForm(asked) }),
  ...tasksOf('retrieval', 'v3.0'),
  ...tasksOf('retrieval', 'v2.0'),
  ...tasksOf('deletion', 'v3.0'),
  ...tasksOf('deletion', 'v2.0'),
  'DELETE /api/app/data-deletions/v3.0': cancelMany('v3.0'),
  'DELETE /api/app/data-deletions/v2.0': cancelMany('v2.0'),
  'GET /api/app/data-deletions/v3.0/:trackingId/evidence': ({ home, deletionId }) => ({
    path: `/api/app/data-deletions/v3.0/${deletionId}/evidence?token=${home.token}`,
    headers: asOfficer,
  }),
  'GET /api/app/data-retrievals/v3.0/:trackingId/archive.zip': ({ link }) => ({
    path: `${new URL(link).pathname}${new URL(link).search}`,
  }),
  'GET /lookup-tables': ({ home, canary }) => ({
    path: `/lookup-tables?project_id=${home.id}&note=${canary}`,
    headers: asAccount,
  }),
  'PUT /lookup-tables/:id': ({ home, canary }) => ({
    path: `/lookup-tables/${lookupTableId}?project_id=${home.id}`,
    headers: { ...asAccount, 'Content-Type': 'text/csv' },
    body: `id,note\n1,${canary}\n`,
  }),
  'GET /api/app/projects/:projectId/lookup-tables': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/lookup-tables?note=${canary}`,
    headers: asAccount,
  }),
  'POST /api/app/projects/:projectId/lookup-tables': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/lookup-tables`,
    headers: asAccount,
    body: { name: canary },
  }),
  'DELETE /api/app/projects/:projectId/lookup-tables/:id': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/lookup-tables/${lookupTableId}?note=${canary}`,
    headers: asAccount,
  }),
  'GET /api/app/projects/:projectId/group-keys': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/group-keys?note=${canary}`,
    headers: asAccount,
  }),
  'POST /api/app/projects/:projectId/group-keys': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/group-keys`,
    headers: asAccount,
    body: { key: canary },
  }),
  'DELETE /api/app/projects/:projectId/group-keys': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/group-keys?key=${canary}`,
    headers: asAccount,
  }),
  'GET /api/app/projects/:projectId/data-rules': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/data-rules?note=${canary}`,
    headers: asAccount,
  }),
  'PUT /api/app/projects/:projectId/data-rules': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/data-rules`,
    headers: asAccount,
    body: { blocked_events: [canary] },
  }),
  ...lexiconCases(appCases),
  ...lifecycleCases(asAccount),
  ...connectorCases(asAccount),
  ...appCases(['GET'], 'suppression', 'suppression'),
  ...pipelineCases(asAccount),
  ...peopleCases(asAccount),
  ...accountCases(),
  ...privacyPageCases(),
  ...savedCases,
  'GET /api/app/projects/:projectId/audit-log': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/audit-log?note=${canary}`,
    headers: asAccount,
  }),
}

/** Routes that concern no project, and why any host of the installation may answer them. */
export const regionless: Readonly<Record<string, string>> = {
  'GET /api/app/privacy/receipt-keys': 'public keys, the same for every region',
  ...signInRegionless,
  'GET /api/app/me': 'as login',
  'GET /api/app/audit-event-types': 'names of the release, of no project',
  'GET /api/app/me/gdpr-tokens': 'as login',
  'POST /api/app/me/gdpr-tokens': 'as login',
  'DELETE /api/app/me/gdpr-tokens/:tokenId': 'as login',
  'GET /api/app/organizations/:organizationId/audit-log': 'an organization has projects in several regions',
  ...accountRegionless,
  ...privacyPageRegionless,
  ...ssoRegionless,
  'GET /api/app/regions': 'tells the regions',
  ...Object.fromEntries(
    webRoutes({ pages: null, regions: [] }).map(({ method, path }) => [
      `${method} ${path}`,
      'a page of the web application holds nothing of anybody',
    ]),
  ),
  'POST /api/app/validate-project-credentials': 'asked at one host for projects of every region; answers yes or no',
  'GET /healthz': 'for whoever runs the server',
  'GET /readyz': 'for whoever runs the server',
  'GET /metrics': 'for whoever runs the server',
}

/** Body of a refusal on each surface (residency §4). */
export const refusal = (surface: SurfaceName, error: string, url: string): object =>
  surface === 'ingest'
    ? { error, status: 0 }
    : surface === 'import'
      ? { code: 403, error, status: 'Forbidden' }
      : surface === 'query'
        ? { error, status: 'error', request: url }
        : { error, status: 'error' }
