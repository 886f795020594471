import type { Choice } from '../../ui/field.tsx'

export const organizationRoles = [
  { value: 'owner', label: 'Owner' },
  { value: 'admin', label: 'Admin' },
  { value: 'billing_admin', label: 'Billing admin' },
  { value: 'member', label: 'Member' },
] as const satisfies readonly Choice[]

export const projectRoles = [
  { value: 'consumer', label: 'Consumer: views reports' },
  { value: 'analyst', label: 'Analyst: saves and exports' },
  { value: 'admin', label: 'Admin: manages the project' },
  { value: 'owner', label: 'Owner: everything' },
] as const satisfies readonly Choice[]

/** An organization's own people manage it. */
export const isAdmin = (role: string | undefined): boolean => role === 'owner' || role === 'admin'
