import { randomUUID } from 'node:crypto'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden, NotFound } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { gdprTokenLength, oneYearAfter } from './domain/gdpr-token.ts'
import { findAccountRights } from './store/postgres-credential-store.ts'
import { insertGdprToken, listGdprTokens, revokeGdprTokens } from './store/postgres-gdpr-token-store.ts'

export interface GdprTokensDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

type Person = Extract<Principal, { kind: 'session' | 'gdpr-token' }>

export interface IssuedGdprToken {
  readonly id: string
  /** Shown this once. */
  readonly token: string
  readonly created: string
  readonly expires: string
}

/** AUTH-04…07: a person's own tokens for the privacy API. One is live at a time (auth §5). */
export const createGdprTokens = ({ control, clock, appendAudit }: GdprTokensDeps) => {
  const audit = (tx: ControlTx, type: AuditEntry['type'], person: Person, id: string, requestId: string) =>
    appendAudit(tx, {
      type,
      actor: { type: 'user', id: String(person.userId), name: person.email },
      organizationId: person.organizationId === 0 ? null : person.organizationId,
      projectId: null,
      target: { type: 'oauth_token', id },
      requestId,
    })

  /** Throws Forbidden unless the person owns or administers an organization or a project. */
  const issue = async (person: Person, requestId: string): Promise<IssuedGdprToken> => {
    if (!(await mayIssue(control, person))) {
      throw new Forbidden('only owners and admins of an organization or a project may generate a GDPR token')
    }
    const token = randomAlphanumeric(gdprTokenLength)
    const id = randomUUID()
    const createdAtMs = clock.nowMs()
    const expiresAtMs = oneYearAfter(createdAtMs)
    await control.tx(async (tx) => {
      // Two pages at once: the person's row is the lock, so that one token is live in the end.
      await tx.rows('SELECT 1 FROM account WHERE id = $1 FOR UPDATE', [person.userId])
      for (const old of await revokeGdprTokens(tx, person.userId, 'all', createdAtMs)) {
        await audit(tx, 'oauth_token.revoked', person, old, requestId)
      }
      const stored = { id, accountId: person.userId, tokenHash: sha256Hex(token), hint: token.slice(0, 4) }
      await insertGdprToken(tx, { ...stored, createdAtMs, expiresAtMs })
      await audit(tx, 'oauth_token.created', person, id, requestId)
    })
    return { id, token, created: new Date(createdAtMs).toISOString(), expires: new Date(expiresAtMs).toISOString() }
  }

  /** Throws NotFound when it is no live token of this person. */
  const revoke = async (person: Person, id: string, requestId: string): Promise<void> => {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) throw new NotFound('no such token')
    await control.tx(async (tx) => {
      const revoked = await revokeGdprTokens(tx, person.userId, { id }, clock.nowMs())
      if (revoked.length === 0) throw new NotFound('no such token')
      await audit(tx, 'oauth_token.revoked', person, id, requestId)
    })
  }

  return { issue, revoke, list: (person: Person) => listGdprTokens(control, person.userId) }
}

export type GdprTokens = ReturnType<typeof createGdprTokens>

const mayIssue = async (control: ControlTx, person: Person): Promise<boolean> => {
  const rights = await findAccountRights(control, person.userId)
  const roles: readonly string[] = [
    ...(rights?.organizationRoles.values() ?? []),
    ...(rights?.projectRoles.values() ?? []),
  ]
  return roles.some((role) => role === 'owner' || role === 'admin')
}
