import type { Permission } from '../../../kernel/principal.ts'

/** AUTH-16: a role of a project's own, as it goes out. */
export interface CustomRole {
  readonly id: number
  readonly name: string
  readonly description: string
  /** Beside those that every role has (auth §6.4). */
  readonly permissions: readonly Permission[]
  readonly created: Date
  readonly updated: Date
  /** People, service accounts and teams that hold it. */
  readonly holder_count: number
}

/** auth §6.4. */
export const customRoleCountMax = 5

export interface WantedRole {
  readonly name: string
  readonly description: string
  readonly permissions: readonly Permission[]
}
