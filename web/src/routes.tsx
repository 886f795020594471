import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type RouteComponent,
} from '@tanstack/react-router'
import { type PageName, pagePaths } from './page-paths.ts'
import { BrokenPage } from './pages/broken-page.tsx'
import { eventsSearch } from './pages/events/events-search.ts'
import { lexiconSearch } from './pages/lexicon/lexicon-search.ts'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { peopleSearch } from './pages/people/people-search.ts'
import { personSearch } from './pages/people/person-search.ts'
import { BareFrame } from './shell/bare-frame.tsx'
import { Shell } from './shell/shell.tsx'
import { SkeletonPage } from './ui/skeleton.tsx'

type Search = Readonly<Record<string, unknown>>

interface PageEntry {
  /** A module whose export `Page` is the page. */
  readonly load: () => Promise<{ readonly Page: RouteComponent }>
  /** `bare`: for people who are not logged in. Default: inside the shell, for who is. */
  readonly frame?: 'bare'
  /** What of the query string the page knows, checked; everything else is dropped. */
  readonly search?: (sent: Search) => Search
}

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined

/** Keeps the named texts of a query string. */
const texts =
  (...names: readonly string[]) =>
  (sent: Search): Search =>
    Object.fromEntries(names.flatMap((name) => (text(sent[name]) === undefined ? [] : [[name, text(sent[name])]])))

/** The one route table: every page of page-paths.ts, and how it is loaded. */
const pages: Readonly<Record<PageName, PageEntry>> = {
  home: { load: () => import('./pages/home/home-page.tsx') },
  login: { load: () => import('./pages/login/login-page.tsx'), frame: 'bare', search: texts('next', 'email') },
  loginLink: { load: () => import('./pages/login/link-page.tsx'), frame: 'bare', search: texts('token') },
  loginReset: { load: () => import('./pages/login/reset-page.tsx'), frame: 'bare', search: texts('token') },
  setup: { load: () => import('./pages/setup/setup-page.tsx'), frame: 'bare', search: texts('code') },
  invitation: { load: () => import('./pages/invitation/invitation-page.tsx'), frame: 'bare', search: texts('token') },
  mySecurity: { load: () => import('./pages/me/security/security-page.tsx') },
  organization: { load: () => import('./pages/organizations/organization-page.tsx') },
  newProject: { load: () => import('./pages/organizations/new-project-page.tsx') },
  organizationPrivacy: { load: () => import('./pages/privacy/organization-privacy-page.tsx') },
  myDataPrivacy: { load: () => import('./pages/me/data-privacy-page.tsx') },
  projectPrivacy: { load: () => import('./pages/privacy/project-privacy-page.tsx') },
  requestExport: { load: () => import('./pages/privacy/request-export-page.tsx') },
  requestDeletion: { load: () => import('./pages/privacy/request-deletion-page.tsx') },
  privacyRequest: { load: () => import('./pages/privacy/request-page.tsx'), search: texts('tab') },
  members: { load: () => import('./pages/organizations/members-page.tsx') },
  teams: { load: () => import('./pages/organizations/teams-page.tsx') },
  serviceAccounts: { load: () => import('./pages/organizations/service-accounts-page.tsx') },
  accessSecurity: { load: () => import('./pages/access-security/access-security-page.tsx') },
  audit: {
    load: () => import('./pages/audit/organization-audit-page.tsx'),
    search: texts('type', 'actor', 'project', 'from', 'to'),
  },
  organizationSettings: { load: () => import('./pages/organizations/settings-page.tsx') },
  project: { load: () => import('./pages/projects/project-page.tsx') },
  projectMembers: { load: () => import('./pages/roles/project-members-page.tsx') },
  projectRoles: { load: () => import('./pages/roles/project-roles-page.tsx') },
  projectAudit: {
    load: () => import('./pages/audit/project-audit-page.tsx'),
    search: texts('type', 'actor', 'from', 'to'),
  },
  events: { load: () => import('./pages/events/events-page.tsx'), search: (sent) => ({ ...eventsSearch(sent) }) },
  people: { load: () => import('./pages/people/people-page.tsx'), search: (sent) => ({ ...peopleSearch(sent) }) },
  importPeople: { load: () => import('./pages/people/import-people-page.tsx') },
  person: { load: () => import('./pages/people/person-page.tsx'), search: (sent) => ({ ...personSearch(sent) }) },
  connect: { load: () => import('./pages/connect/connect-page.tsx'), search: texts('sdk') },
  lexicon: { load: () => import('./pages/lexicon/lexicon-page.tsx'), search: (sent) => ({ ...lexiconSearch(sent) }) },
  deletedProjects: { load: () => import('./pages/settings/deleted-projects-page.tsx') },
  settings: { load: () => import('./pages/settings/settings-page.tsx') },
  settingsKeys: { load: () => import('./pages/settings/keys-page.tsx') },
  settingsData: { load: () => import('./pages/settings/data-page.tsx') },
  settingsRules: { load: () => import('./pages/settings/rules-page.tsx') },
  settingsDanger: { load: () => import('./pages/settings/danger-page.tsx') },
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFoundPage, errorComponent: BrokenPage })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const bare = createRoute({ getParentRoute: () => root, id: 'bare', component: BareFrame })

const routesOf = (frame: PageEntry['frame']) =>
  Object.entries(pages)
    .filter(([, entry]) => entry.frame === frame)
    .map(([name, entry]) =>
      createRoute({
        getParentRoute: () => (frame === 'bare' ? bare : shell),
        path: pagePaths[name as PageName],
        component: lazyRouteComponent(entry.load, 'Page'),
        validateSearch: entry.search ?? ((): Search => ({})),
      }),
    )

export const router = createRouter({
  routeTree: root.addChildren([shell.addChildren(routesOf(undefined)), bare.addChildren(routesOf('bare'))]),
  defaultPendingComponent: SkeletonPage,
  defaultPendingMs: 150,
  defaultPreload: 'intent',
  defaultErrorComponent: BrokenPage,
  scrollRestoration: true,
})
