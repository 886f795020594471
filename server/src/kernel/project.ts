/** A project as every server knows it. Holds no end-user data. */
export interface Project {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  /** Region id, fixed at creation (RES-01). */
  readonly region: string
  readonly cluster: string
  readonly token: string
  readonly timezone: string
  /** EXP-04: raw exports tell dates and times by the wall clock of its zone, as those of projects from before 2023. */
  readonly hasProjectTime: boolean
  readonly identityMode: 'simplified' | 'original' | 'legacy'
  /** Erased ids of this project are refused afterwards, unless the request says otherwise (PRIV-31). */
  readonly suppressErased: boolean
  /** Grows whenever an erasure starts or ends: caches made under another number are void. */
  readonly erasureEpoch: number
  /** Grows with every change of the project's data rules (privacy §6); 0: it has none. */
  readonly dataRulesVersion: number
  /** Grows with every change of what is said about its events and properties (LEX-07); 0: nothing is. */
  readonly lexiconVersion: number
}

/** Cached; at most a few seconds behind the control store, and told of changes at once by notification. */
export interface ProjectDirectory {
  byToken(token: string): Promise<Project | null>
  byId(projectId: number): Promise<Project | null>
}
