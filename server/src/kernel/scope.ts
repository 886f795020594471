declare const scoped: unique symbol

/**
 * The key to a project's rows. Stores accept no other key (ARCHITECTURE, invariant 1).
 * Made by `http/steps/locate.ts` for requests and by the workers of privacy and data-lifecycle for the rows of their own tasks, nowhere else.
 */
export interface ProjectScope {
  readonly projectId: number
  readonly regionId: string
  readonly [scoped]: true
}

export const projectScope = (projectId: number, regionId: string): ProjectScope =>
  Object.freeze({ projectId, regionId }) as ProjectScope
