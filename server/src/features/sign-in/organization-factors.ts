import type { AuditEntry } from '../../kernel/audit.ts'
import { AppError, Forbidden, NotFound } from '../../kernel/errors.ts'
import type { OrganizationRole } from '../../kernel/principal.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { OwnSession, Sessions } from '../access/index.ts'
import type { Notice } from './domain/mails.ts'
import type { RecoveryCodes } from './recovery-codes.ts'
import { findAccount, setMustSetUpSecondFactor } from './store/postgres-account-store.ts'
import { deletePasskeys, listPasskeys } from './store/postgres-passkey-store.ts'
import {
  endFirstStepSessions,
  findMembership,
  findRequirement,
  listMemberFactors,
  setRequirement,
} from './store/postgres-requirement-store.ts'
import { deleteSecondFactor, isSecondFactorOn } from './store/postgres-second-factor-store.ts'

export interface OrganizationFactorsDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly sessions: Sessions
  readonly recoveryCodes: RecoveryCodes
  readonly nowMs: () => number
  readonly notify: (email: string, notice: Notice) => void
}

export interface Administrator extends OwnSession {
  readonly organizationId: number
  readonly role: OrganizationRole
}

/** AUTH-22: what owners and admins of an organization do about second factors. Asking for the password is the caller's. */
export const createOrganizationFactors = (deps: OrganizationFactorsDeps) => {
  const { control, appendAudit } = deps

  const show = async (organizationId: number) => {
    const { isSet, hasSso } = await control.tx((tx) => findRequirement(tx, organizationId))
    return {
      required: isSet && !hasSso,
      // Where an identity provider signs people in, it asks for the second factor.
      available: !hasSso,
      members: await listMemberFactors(control, organizationId),
    }
  }

  const require_ = (by: Administrator, isSet: boolean, requestId: string): Promise<void> =>
    control.tx(async (tx) => {
      const before = await findRequirement(tx, by.organizationId)
      if (isSet && before.hasSso)
        throw new Conflict('the identity provider of this organization asks for second factors')
      // Whoever switches it on must not lock themselves out by it.
      if (isSet && !(await hasOwn(tx, by.userId))) {
        throw new Conflict('set up a second factor, or a passkey, of your own first')
      }
      if (before.isSet === isSet) return
      await setRequirement(tx, by.organizationId, isSet)
      if (isSet) await endFirstStepSessions(tx, by.organizationId, deps.nowMs())
      await audit(tx, by, `organization_access_security.twofactor_${isSet ? 'enabled' : 'disabled'}`, requestId)
    })

  const hasOwn = async (tx: ControlTx, accountId: number): Promise<boolean> =>
    (await isSecondFactorOn(tx, accountId)) || (await listPasskeys(tx, accountId)).length > 0

  const audit = (
    tx: ControlTx,
    by: Administrator,
    type: AuditEntry['type'],
    requestId: string,
    target: AuditEntry['target'] = { type: 'organization', id: String(by.organizationId) },
  ) => {
    const actor = { type: 'user', id: String(by.userId), name: by.email } as const
    return appendAudit(tx, { type, actor, organizationId: by.organizationId, projectId: null, target, requestId })
  }

  /**
   * For a member who has lost their telephone. Not of somebody with a higher role, nor of one who is in another
   * organization as well: its data is not this administrator's to open.
   */
  const reset = async (by: Administrator, accountId: number, requestId: string): Promise<void> => {
    const email = await control.tx(async (tx) => {
      const member = await findMembership(tx, by.organizationId, accountId)
      const account = await findAccount(tx, accountId)
      if (member === null || account === null) throw new NotFound('the organization has no such member')
      if (member.role === 'owner' && by.role !== 'owner') throw new Forbidden('only owners reset an owner')
      if (member.isElsewhere) throw new Forbidden('this member is in another organization as well')
      const hadApp = await deleteSecondFactor(tx, accountId)
      const hadPasskey = await deletePasskeys(tx, accountId)
      await deps.recoveryCodes.endWithoutFactor(tx, accountId)
      if (!hadApp && !hadPasskey && !account.mustSetUpSecondFactor) {
        throw new NotFound('this member has no second factor')
      }
      await setMustSetUpSecondFactor(tx, accountId, false)
      await deps.sessions.endAll(tx, accountId)
      const target = { type: 'user', id: String(accountId), name: account.email }
      await audit(tx, by, 'user.twofactor_reset', requestId, target)
      return account.email
    })
    deps.notify(email, 'user.twofactor_reset')
  }

  return { show, require: require_, reset }
}

export type OrganizationFactors = ReturnType<typeof createOrganizationFactors>

class Conflict extends AppError {
  constructor(message: string) {
    super('CONFLICT', message, { status: 409 })
  }
}
