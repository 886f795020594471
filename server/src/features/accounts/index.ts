export { type Accounts, createAccounts } from './create-accounts.ts'
export { invitationDays } from './domain/member.ts'
export { openSetup } from './first-owner.ts'
export type { OrganizationRoleOf } from './organization-route.ts'
