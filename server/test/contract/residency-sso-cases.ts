/** Routes of single sign-on: of organizations, not of projects (see `regionless`). */
const organizationRoutes = [
  'GET /api/app/organizations/:organizationId/sso',
  'PUT /api/app/organizations/:organizationId/sso',
  'DELETE /api/app/organizations/:organizationId/sso',
  'GET /api/app/organizations/:organizationId/sso/domains',
  'POST /api/app/organizations/:organizationId/sso/domains',
  'POST /api/app/organizations/:organizationId/sso/domains/:domain/verify',
  'DELETE /api/app/organizations/:organizationId/sso/domains/:domain',
  'POST /api/app/organizations/:organizationId/sso/domains/:domain/transfer',
  'POST /api/app/organizations/:organizationId/sso/link-codes',
  'GET /api/app/organizations/:organizationId/sso/links',
  'PATCH /api/app/organizations/:organizationId/sso/links/:linkedId',
  'DELETE /api/app/organizations/:organizationId/sso/links/:linkedId',
  ...['GET', 'PUT', 'DELETE'].map((method) => `${method} /api/app/organizations/:organizationId/sso/link`),
]
const tokenRoutes = ['GET', 'POST', 'DELETE'].map(
  (method) => `${method} /api/app/organizations/:organizationId/sso/scim-token`,
)
const scimRoutes = [
  ...['Users', 'Groups'].flatMap((kind) => [
    ...['GET', 'POST'].map((method) => `${method} /api/app/scim/v2/${kind}`),
    ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => `${method} /api/app/scim/v2/${kind}/:id`),
  ]),
  'GET /api/app/scim/v2/ServiceProviderConfig',
  ...['ResourceTypes', 'Schemas'].flatMap((kind) => [
    `GET /api/app/scim/v2/${kind}`,
    `GET /api/app/scim/v2/${kind}/:id`,
  ]),
]
const signInRoutes = [
  'POST /api/app/login/sso',
  'GET /security/login/:organizationId',
  'POST /security/login/:organizationId',
  'GET /security/sso/v2/authorize',
  'POST /security/sso/v2/authorize',
  'POST /sso/saml2',
]

export const ssoRegionless: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...organizationRoutes, ...tokenRoutes, ...scimRoutes].map((route) => [
      route,
      'an organization has projects in several regions',
    ]),
  ),
  ...Object.fromEntries(
    signInRoutes.map((route) => [route, 'a session is of the host, and so of the region, that is asked']),
  ),
}
