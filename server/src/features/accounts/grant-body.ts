import { z } from 'zod'
import type { ProjectGrant } from './domain/service-account.ts'

const idNumber = z.number().int().min(1).max(2_147_483_647)
export const projectRole = z.enum(['owner', 'admin', 'analyst', 'consumer'])

const isOne = ({ role, custom_role_id: customRoleId }: z.infer<typeof eitherRole>): boolean =>
  (role === undefined) !== (customRoleId === undefined)
const eitherRole = z.strictObject({ role: projectRole.optional(), custom_role_id: idNumber.optional() })
const text = 'expected either role or custom_role_id'

/** A built-in role, or a custom one of the project. */
export const projectGrant = eitherRole.refine(isOne, text)

export const grantOn = (id: number, sent: z.infer<typeof projectGrant>): ProjectGrant =>
  sent.custom_role_id === undefined
    ? { id, role: sent.role ?? 'consumer' }
    : { id, role: 'consumer', custom_role_id: sent.custom_role_id }

export const invitedGrant = eitherRole
  .extend({ id: idNumber })
  .refine(isOne, text)
  .transform(({ id, ...sent }) => grantOn(id, sent))
