import type { Asked, Sent } from './residency-cases.ts'

/** How the routes of accounts that concern one project are asked, by an admin of it. */
export const accountCases = (
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, (asked: Asked) => Sent>> => ({
  'GET /api/app/projects/:projectId/service-accounts': ({ home, canary }) => ({
    path: `/api/app/projects/${home.id}/service-accounts?note=${canary}`,
    headers,
  }),
})

const why = 'an organization has projects in several regions; only the control store is asked and changed'
const organization = '/api/app/organizations/:organizationId'

/** Routes about organizations: answered at the hosts of all regions. */
export const accountRegionless: Readonly<Record<string, string>> = Object.fromEntries(
  [
    `GET ${organization}/service-accounts`,
    `POST ${organization}/service-accounts`,
    `GET ${organization}/service-accounts/:serviceAccountId`,
    `DELETE ${organization}/service-accounts/:serviceAccountId`,
    `POST ${organization}/service-accounts/add-to-project`,
    `POST ${organization}/service-accounts/remove-from-project`,
  ].map((name) => [name, why]),
)
