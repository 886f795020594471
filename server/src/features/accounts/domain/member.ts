import type { OrganizationRole } from '../../../kernel/principal.ts'
import type { ProjectGrant } from './service-account.ts'

/** Somebody who logs in, as a member of one organization. */
export interface Member {
  readonly id: number
  readonly email: string
  readonly role: OrganizationRole
  /** Own grants on its projects; those by team and by role in the organization are not among them. */
  readonly projects: readonly ProjectGrant[]
  readonly teams: readonly number[]
}

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: OrganizationRole
  readonly projects: readonly ProjectGrant[]
  readonly created: Date
  readonly expires: Date
}

export interface Team {
  readonly id: number
  readonly name: string
  readonly created: Date
  /** PRIV-36: who is in it sees classified properties of its projects. */
  readonly classified_access: boolean
  readonly members: readonly number[]
  readonly service_accounts: readonly number[]
  readonly projects: readonly ProjectGrant[]
}

export const emailPattern = /^[^\s@]+@[^\s@]+$/
/** Long enough that nobody's holiday ends it, short enough that a forgotten link is worth nothing. */
export const invitationDays = 30
