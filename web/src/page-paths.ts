/**
 * Every page: its name and its path. The router, the links and the server go by this one table; the build hands it to the
 * server, which answers 404 for what is not in it. Names in braces of code: `pathTo('project', { projectId: 3 })`.
 */
export const pagePaths = {
  home: '/',
  login: '/login',
  loginLink: '/login/link',
  loginReset: '/login/reset',
  setup: '/setup',
  invitation: '/invitation',
  mySecurity: '/me/security',
  organization: '/organizations/$organizationId',
  newProject: '/organizations/$organizationId/projects/new',
  organizationPrivacy: '/organizations/$organizationId/data-privacy',
  myDataPrivacy: '/me/data-privacy',
  projectPrivacy: '/projects/$projectId/privacy',
  requestExport: '/projects/$projectId/privacy/export',
  requestDeletion: '/projects/$projectId/privacy/deletion',
  privacyRequest: '/projects/$projectId/privacy/requests/$trackingId',
  members: '/organizations/$organizationId/members',
  teams: '/organizations/$organizationId/teams',
  serviceAccounts: '/organizations/$organizationId/service-accounts',
  accessSecurity: '/organizations/$organizationId/access-security',
  audit: '/organizations/$organizationId/audit',
  organizationSettings: '/organizations/$organizationId/settings',
  project: '/projects/$projectId',
  projectMembers: '/projects/$projectId/members',
  projectRoles: '/projects/$projectId/roles',
  projectAudit: '/projects/$projectId/audit',
  events: '/projects/$projectId/events',
  people: '/projects/$projectId/users',
  importPeople: '/projects/$projectId/users-import',
  person: '/projects/$projectId/users/$distinctId',
  connect: '/projects/$projectId/connect',
  lexicon: '/projects/$projectId/lexicon',
  deletedProjects: '/organizations/$organizationId/deleted-projects',
  settings: '/projects/$projectId/settings',
  settingsKeys: '/projects/$projectId/settings/access-keys',
  settingsData: '/projects/$projectId/settings/data',
  settingsRules: '/projects/$projectId/settings/privacy-rules',
  settingsDanger: '/projects/$projectId/settings/danger-zone',
} as const

export type PageName = keyof typeof pagePaths

type ParamOf<Path extends string> = Path extends `${string}$${infer Name}/${infer Rest}`
  ? Name | ParamOf<Rest>
  : Path extends `${string}$${infer Name}`
    ? Name
    : never

export type PageParams<Name extends PageName> = Readonly<Record<ParamOf<(typeof pagePaths)[Name]>, string | number>>

/** The path of a page, with its parameters filled in and escaped. */
export const pathTo = <Name extends PageName>(
  name: Name,
  ...[params]: ParamOf<(typeof pagePaths)[Name]> extends never ? [] : [PageParams<Name>]
): string =>
  pagePaths[name].replace(/\$(\w+)/g, (_, key: string) =>
    encodeURIComponent(String((params as Readonly<Record<string, string | number>> | undefined)?.[key] ?? '')),
  )
