import type { Asked, Sent } from './residency-cases.ts'

/** How the requests of members are asked, by a session (privacy §1.11). */
export const privacyPageCases = (): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const one = '/api/app/projects/:projectId/privacy'
  const ask =
    (rest: (asked: Asked) => string, body?: (asked: Asked) => object) =>
    (asked: Asked): Sent => ({
      path: `/api/app/projects/${asked.home.id}/privacy${rest(asked)}?note=${asked.canary}`,
      headers: asked.session,
      ...(body === undefined ? {} : { body: body(asked) }),
    })
  const ids = ({ canary }: Asked) => ({ kind: 'deletion', distinct_ids: [`id ${canary}`] })
  return {
    [`GET ${one}/requests`]: ask(() => '/requests'),
    [`POST ${one}/requests`]: ask(() => '/requests', ids),
    [`GET ${one}/requests/:trackingId`]: ask(({ deletionId }) => `/requests/${deletionId}`),
    [`DELETE ${one}/requests/:trackingId`]: ask(({ deletionId }) => `/requests/${deletionId}`),
    [`GET ${one}/requests/:trackingId/archive.zip`]: ask(({ retrievalId }) => `/requests/${retrievalId}/archive.zip`),
    [`POST ${one}/dry-run`]: ask(() => '/dry-run', ids),
  }
}

export const privacyPageRegionless: Readonly<Record<string, string>> = {
  'GET /api/app/organizations/:organizationId/privacy/requests':
    'an organization has projects in several regions; requests of those in the region that is asked are told',
}
