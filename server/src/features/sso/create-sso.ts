import type { Route } from '../../http/route.ts'
import type { ControlTx } from '../../platform/postgres/control-db.ts'
import { type AddressDeps, createAddresses } from './domain/addresses.ts'
import { domainOf } from './domain/assertion.ts'
import { createDomains, type DomainsDeps } from './domains.ts'
import { type LinkRouteDeps, linkRoutes } from './link-routes.ts'
import { createLinks } from './links.ts'
import { cameIn, type SignInRouteDeps, signInRoutes } from './routes.ts'
import { createScimGroups } from './scim/groups.ts'
import { type ScimRouteDeps, scimRoutes } from './scim/routes.ts'
import { type ScimTokenRouteDeps, scimTokenRoutes } from './scim/token-routes.ts'
import { createScimUsers } from './scim/users.ts'
import { createSettings } from './settings.ts'
import { type SettingsRouteDeps, settingsRoutes } from './settings-routes.ts'
import { createSignIn, type SignInDeps } from './sign-in.ts'
import { ownerOfDomain } from './store/postgres-domain-store.ts'
import { findLink } from './store/postgres-link-store.ts'
import { findConfiguration } from './store/postgres-sso-store.ts'

export type SsoDeps = Omit<SignInDeps, 'addresses'> &
  DomainsDeps &
  AddressDeps &
  Pick<SignInRouteDeps, 'sessionCookie'> &
  Pick<SettingsRouteDeps, 'organizationRoleOf' | 'confirmPassword'>

/** AUTH-23…29, RES-11: wires the slice. */
export const createSso = (deps: SsoDeps) => {
  const addresses = createAddresses(deps)
  const domains = createDomains(deps)
  return {
    routes: ssoRoutes({
      ...deps,
      domains,
      settings: createSettings({ ...deps, addresses }),
      signIn: createSignIn({ ...deps, addresses }),
      users: createScimUsers(deps),
      groups: createScimGroups(deps),
      links: createLinks(deps),
      originOf: (request) => addresses.originOf(cameIn(request)),
      signInOf: (email) => signInOf(deps.control, email),
    }),
    startWorkers: () => {
      const worker = domains.startWorker()
      return () => worker.stop()
    },
  }
}

/** Every route of the slice; handles nothing before it is asked. */
export const ssoRoutes = (
  deps: SignInRouteDeps & SettingsRouteDeps & ScimRouteDeps & ScimTokenRouteDeps & LinkRouteDeps,
): readonly Route[] => [
  ...signInRoutes(deps),
  ...settingsRoutes(deps),
  ...linkRoutes(deps),
  ...scimTokenRoutes(deps),
  ...scimRoutes(deps),
]

const signInOf = async (tx: ControlTx, email: string): Promise<number | null> => {
  const organizationId = await ownerOfDomain(tx, domainOf(email))
  // What a linked organization has of its own does not count (AUTH-29).
  if (organizationId === null || (await findLink(tx, organizationId)) !== null) return null
  return (await findConfiguration(tx, organizationId))?.isEnabled === true ? organizationId : null
}
