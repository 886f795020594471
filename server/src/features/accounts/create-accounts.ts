import type { Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { OrganizationRoleOf } from './organization-route.ts'
import { serviceAccountRoutes } from './service-account-routes.ts'
import { createServiceAccounts } from './service-accounts.ts'

export interface AccountsDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly organizationRoleOf: OrganizationRoleOf
}

export interface Accounts {
  readonly routes: readonly Route[]
}

/** Organizations, projects, and who works in them (auth §4, §6). */
export const createAccounts = (deps: AccountsDeps): Accounts => ({
  routes: accountRoutes(deps),
})

export const accountRoutes = (deps: AccountsDeps): readonly Route[] => [
  ...serviceAccountRoutes({
    organizationRoleOf: deps.organizationRoleOf,
    accounts: createServiceAccounts(deps),
    nowMs: () => deps.clock.nowMs(),
  }),
]
