import { useParams } from '@tanstack/react-router'
import type { Me, MyOrganization, MyProject } from '../api/session.ts'

/** Where the reader is: in a project, in an organization, or in neither. */
export interface Place {
  readonly project: MyProject | null
  readonly organization: MyOrganization | null
}

const numberOf = (value: string | undefined): number => (/^\d{1,10}$/.test(value ?? '') ? Number(value) : 0)

const usePathParams = (): Readonly<Record<string, string | undefined>> => useParams({ strict: false })

/** From the path; 0 when it names none. */
export const useProjectId = (): number => numberOf(usePathParams()['projectId'])
export const useOrganizationId = (): number => numberOf(usePathParams()['organizationId'])
export const usePathParam = (name: string): string => usePathParams()[name] ?? ''

export const usePlace = (me: Me): Place => {
  const project = me.projects[String(useProjectId())] ?? null
  const organization = me.organizations[String(useOrganizationId())] ?? null
  return { project, organization }
}
