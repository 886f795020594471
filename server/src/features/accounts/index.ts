export { type Accounts, createAccounts } from './create-accounts.ts'
export type { OrganizationRoleOf } from './organization-route.ts'
