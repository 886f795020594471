const people = 'people who log in belong to the installation; their session is of the host that is asked'

/** Routes of signing in, and of one's own account: of no project (see `regionless`). */
export const signInRegionless: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['', '/second-factor', '/link', '/link/open', '/reset', '/reset/confirm', '/passkey/options', '/passkey'].map(
        (path) => `POST /api/app/login${path}`,
      ),
      'POST /api/app/logout',
      'GET /api/app/me/sessions',
      'DELETE /api/app/me/sessions',
      'DELETE /api/app/me/sessions/:sessionId',
      'GET /api/app/me/security',
      'PUT /api/app/me/password',
      'POST /api/app/me/two-factor',
      'POST /api/app/me/two-factor/confirm',
      'DELETE /api/app/me/two-factor',
      'POST /api/app/me/recovery-codes',
      'GET /api/app/me/passkeys',
      'POST /api/app/me/passkeys/options',
      'POST /api/app/me/passkeys',
      'PATCH /api/app/me/passkeys/:passkeyId',
      'DELETE /api/app/me/passkeys/:passkeyId',
    ].map((name) => [name, people]),
  ),
  ...Object.fromEntries(
    ['GET', 'PUT'].map((method) => [
      `${method} /api/app/organizations/:organizationId/two-factor`,
      'an organization has projects in several regions',
    ]),
  ),
  'DELETE /api/app/organizations/:organizationId/members/:userId/two-factor':
    'an organization has projects in several regions',
}
