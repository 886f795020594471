import type { Project } from '../../../kernel/project.ts'

/** A project as it goes out. Its token is in the list of access keys, its secret nowhere. */
export const shownProject = (project: Project) => ({
  id: project.id,
  name: project.name,
  organization_id: project.organizationId,
  region: project.region,
  cluster: project.cluster,
  timezone: project.timezone,
  project_time: project.hasProjectTime,
  identity: project.identityMode,
  suppress_erased: project.suppressErased,
})

export interface ListedProject {
  readonly id: number
  readonly name: string
  readonly organization_id: number
  readonly region: string
  readonly cluster: string
  readonly timezone: string
  readonly project_time: boolean
  readonly identity: Project['identityMode']
  readonly suppress_erased: boolean
  readonly created: Date
}

/** A project that nothing opens any longer. */
export interface DeletedProject extends ListedProject {
  readonly deleted: Date
  /** From then on its data is removed; until then it can be restored. */
  readonly purge_due: Date
  /** When no row of it was left in its region; null: not yet. */
  readonly purged: Date | null
  /** Rows of it in each table of the region, before and after. */
  readonly purge_proof: PurgeProof | null
}

export type PurgeProof = Readonly<Record<string, { readonly before: number; readonly after: number }>>

export interface WantedProject {
  readonly name: string
  readonly region: string
  readonly cluster: string
  readonly timezone: string
  /** EXP-04; never changed afterwards. */
  readonly project_time: boolean
  readonly identity: Project['identityMode']
}

/** What is shown once, when a project is made or reset. */
export interface NewKeys {
  readonly token: string
  readonly secret: string
}

/** Left out: as it is. */
export interface ProjectChanges {
  readonly name?: string | undefined
  readonly timezone?: string | undefined
  readonly identity?: Project['identityMode'] | undefined
  readonly cluster?: string | undefined
}
