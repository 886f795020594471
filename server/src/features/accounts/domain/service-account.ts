import type { Role } from '../../../kernel/principal.ts'

/** As it goes out (auth §4). Its secret is shown once, when it is made. */
export interface ServiceAccount {
  readonly id: number
  readonly username: string
  readonly last_used: Date | null
  readonly expires: Date | null
  /** 0: provisioning made it. */
  readonly creator: number
  readonly created: Date
  /** As a member: its own id. */
  readonly user: number
}

export interface ProjectServiceAccount extends ServiceAccount {
  readonly hasSensitiveAccess: boolean
  readonly role: Role
  /** Name of a custom role that the account holds instead. */
  readonly custom_role?: string
  readonly role_order: number
  readonly target_type: 'individual' | 'team'
  readonly email: string
}

export interface ProjectGrant {
  readonly id: number
  /** `consumer` beside a custom role: what is left when that is deleted. */
  readonly role: Role
  readonly custom_role_id?: number | undefined
}

export const secretLength = 32

const endOfUsername = '.mp-service-account'

/** `name` is what people call it; `tag`, six characters, tells it from others of that name. */
export const usernameOf = (name: string, tag: string): string => `${name}.${tag.toLowerCase()}${endOfUsername}`

/** Why a name cannot be part of a user name; null when it can. */
export const nameFault = (name: string): string | null => {
  if (name.includes(':')) return 'must not contain a colon: HTTP Basic splits there'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  return /[\u0000-\u001f\u007f]/.test(name) ? 'must not contain control characters' : null
}

/** 1: the highest. */
export const roleOrderOf = (role: Role): number =>
  (['owner', 'admin', 'analyst', 'consumer'] as const).indexOf(role) + 1
