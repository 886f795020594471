import { basic } from '../support/lethe.ts'
import { ownerAccount } from '../support/provision.ts'
import type { Asked, Sent } from './residency-cases.ts'

const asOwner = basic(ownerAccount.username, ownerAccount.secret)

/** How the routes of accounts that concern one project are asked, by an owner of it. */
export const accountCases = (): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const one = '/api/app/projects/:projectId'
  const ask =
    (rest: string, hasBody = false) =>
    ({ home, canary }: Asked): Sent => ({
      path: `/api/app/projects/${home.id}${rest}?note=${canary}`,
      headers: asOwner,
      ...(hasBody ? { body: { name: canary } } : {}),
    })
  return {
    [`GET ${one}`]: ask(''),
    [`PATCH ${one}`]: ask('', true),
    [`DELETE ${one}`]: ask(''),
    [`POST ${one}/reset`]: ask('/reset', true),
    [`POST ${one}/transfer`]: ask('/transfer', true),
    [`GET ${one}/access-keys`]: ask('/access-keys'),
    [`POST ${one}/access-keys/secret`]: ask('/access-keys/secret', true),
    [`POST ${one}/access-keys/token`]: ask('/access-keys/token', true),
    [`GET ${one}/members`]: ask('/members'),
    [`PUT ${one}/members/:userId`]: ask('/members/1', true),
    [`DELETE ${one}/members/:userId`]: ask('/members/1'),
    [`GET ${one}/service-accounts`]: ask('/service-accounts'),
    [`PUT ${one}/service-accounts/:serviceAccountId`]: ask('/service-accounts/1', true),
    [`GET ${one}/roles`]: ask('/roles'),
    [`POST ${one}/roles`]: ask('/roles', true),
    [`PATCH ${one}/roles/:roleId`]: ask('/roles/1', true),
    [`DELETE ${one}/roles/:roleId`]: ask('/roles/1'),
    [`POST ${one}/roles/:roleId/copy`]: ask('/roles/1/copy', true),
  }
}

const why = 'an organization has projects in several regions; only the control store is asked and changed'
const organization = '/api/app/organizations/:organizationId'

/** Routes about organizations: answered at the hosts of all regions. */
export const accountRegionless: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'GET /api/app/organizations',
    `GET ${organization}`,
    `PATCH ${organization}`,
    `DELETE ${organization}`,
    `POST ${organization}/restore`,
    `GET ${organization}/projects`,
    `POST ${organization}/projects`,
    `GET ${organization}/deleted-projects`,
    `POST ${organization}/deleted-projects/:deletedId/restore`,
    `GET ${organization}/members`,
    `PATCH ${organization}/members/:userId`,
    `DELETE ${organization}/members/:userId`,
    `GET ${organization}/invitations`,
    `POST ${organization}/invitations`,
    `DELETE ${organization}/invitations/:invitationId`,
    `POST ${organization}/invitations/:invitationId/renew`,
    `GET ${organization}/teams`,
    `POST ${organization}/teams`,
    `PATCH ${organization}/teams/:teamId`,
    `DELETE ${organization}/teams/:teamId`,
    ...['members/:memberId', 'service-accounts/:memberId', 'projects/:projectId'].flatMap((rest) => [
      `PUT ${organization}/teams/:teamId/${rest}`,
      `DELETE ${organization}/teams/:teamId/${rest}`,
    ]),
    'POST /api/app/invitations/accept',
    'POST /api/app/me/invitations/accept',
    'POST /api/app/setup',
    `GET ${organization}/service-accounts`,
    `POST ${organization}/service-accounts`,
    `GET ${organization}/service-accounts/:serviceAccountId`,
    `DELETE ${organization}/service-accounts/:serviceAccountId`,
    `POST ${organization}/service-accounts/add-to-project`,
    `POST ${organization}/service-accounts/remove-from-project`,
  ].map((name) => [name, why]),
)
