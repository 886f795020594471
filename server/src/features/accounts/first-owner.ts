import { hash } from '@node-rs/argon2'
import { z } from 'zod'
import { jsonReply, type Received, type Route } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { emailPattern } from './domain/member.ts'
import { password } from './member-routes.ts'
import { appBase, noStore } from './organization-route.ts'
import { insertAccount, putMember } from './store/postgres-member-store.ts'
import { insertOrganization } from './store/postgres-organization-store.ts'
import { endSetup, hasAccounts, insertSetupCode, isSetupCode, lockSetup } from './store/postgres-setup-store.ts'

export interface FirstOwnerDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/**
 * A one-time code for the first owner of an installation in which nobody can log in yet; null when somebody can. Whoever
 * started the server reads it there. A server that starts beside this one has a code of its own; the first used ends all.
 */
export const openSetup = (control: ControlDb): Promise<string | null> =>
  control.tx(async (tx) => {
    await lockSetup(tx)
    if (await hasAccounts(tx)) return null
    const code = randomAlphanumeric(32)
    await insertSetupCode(tx, sha256Hex(code))
    return code
  })

const wanted = z.strictObject({
  code: z.string().min(1).max(100),
  email: z.string().trim().max(254).regex(emailPattern, 'expected an e-mail address'),
  password,
  organization: z.string().trim().min(1).max(255),
})

/** Who has the code owns the installation: one organization, one owner. Everybody else is invited. */
export const firstOwnerRoute = ({ control, appendAudit }: FirstOwnerDeps): Route => ({
  ...appBase,
  method: 'POST',
  path: '/api/app/setup',
  access: { accepts: 'none' },
  handle: async ({ body, requestId }: Received) => {
    const sent = sentJson(wanted, body)
    const made = await control.tx(async (tx) => {
      await lockSetup(tx)
      // Before the slow hash: a wrong code costs the server nothing.
      if (!(await isSetupCode(tx, sha256Hex(sent.code))) || (await hasAccounts(tx))) {
        throw new Forbidden('this code was used or is not one of this server; start it again for a new one')
      }
      const organization = await insertOrganization(tx, sent.organization)
      const accountId = await insertAccount(tx, sent.email, await hash(sent.password))
      await putMember(tx, organization.id, accountId, 'owner')
      await endSetup(tx)
      await appendAudit(tx, {
        type: 'organization.created',
        actor: { type: 'user', id: String(accountId), name: sent.email },
        organizationId: organization.id,
        projectId: null,
        target: { type: 'organization', id: String(organization.id), name: organization.name },
        requestId,
      })
      return organization
    })
    return jsonReply(201, { status: 'ok', results: made }, noStore)
  },
})
