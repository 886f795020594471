import type { AuditEntry } from '../../../kernel/audit.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import type { Clock } from '../../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { domainOf } from '../domain/assertion.ts'
import { createLinkSync } from '../links.ts'
import { ownerOfDomain } from '../store/postgres-domain-store.ts'
import { listScimGroups } from '../store/postgres-scim-group-store.ts'
import {
  addMember,
  deleteScimMember,
  findAccountId,
  hasOtherOwner,
  insertAccount,
  listScimMembers,
  lockOrganization,
  putScimMember,
  removeMember,
  renameAccount,
  type ScimMember,
} from '../store/postgres-scim-store.ts'
import { patched } from './query.ts'
import { notFound, type Resource, readUser, ScimConflict, userResource, type WantedUser } from './resource.ts'

export interface ScimDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/** Whose provider asks, by which request. */
export interface Caller {
  readonly organizationId: number
  readonly requestId: string
  /** Absolute URL of the SCIM API, at the host that was asked. */
  readonly base: string
}

/** AUTH-28: people of an organization, kept by its identity provider (auth §8). */
export const createScimUsers = ({ control, clock, appendAudit }: ScimDeps) => {
  const sync = createLinkSync({ clock, appendAudit })
  const audit = (
    tx: ControlTx,
    caller: Caller,
    event: 'user_added' | 'user_removed',
    accountId: number,
    email: string,
  ) =>
    appendAudit(tx, {
      type: `organization.${event}`,
      actor: { type: 'system', id: null, name: 'SCIM' },
      organizationId: caller.organizationId,
      projectId: null,
      target: { type: 'user', id: String(accountId), name: email },
      requestId: caller.requestId,
    })

  const inOrganization = <Value>(caller: Caller, work: (tx: ControlTx) => Promise<Value>): Promise<Value> =>
    control.tx(async (tx) => {
      await lockOrganization(tx, caller.organizationId)
      const value = await work(tx)
      // AUTH-29: who is put aside leaves the linked organizations too.
      await sync(tx, caller.organizationId, caller.requestId)
      return value
    })

  const all = async (tx: ControlTx, caller: Caller): Promise<readonly Resource[]> => {
    const members = await listScimMembers(tx, caller.organizationId, clock.nowMs())
    const groups = await listScimGroups(tx, caller.organizationId)
    return members.map((member) => userResource(caller.base, member, groups))
  }

  const member = async (tx: ControlTx, caller: Caller, id: string): Promise<ScimMember> => {
    const members = await listScimMembers(tx, caller.organizationId, clock.nowMs())
    const found = members.find(({ scimId }) => scimId === id)
    if (found === undefined) throw notFound('user')
    return found
  }

  const resource = async (tx: ControlTx, caller: Caller, id: string): Promise<Resource> => {
    const found = (await all(tx, caller)).find((user) => user.id === id)
    if (found === undefined) throw notFound('user')
    return found
  }

  const refuseForeignDomain = async (tx: ControlTx, { organizationId }: Caller, email: string): Promise<void> => {
    if ((await ownerOfDomain(tx, domainOf(email))) !== organizationId) {
      throw new InvalidRequest('userName must be in a domain that the organization has claimed and verified')
    }
  }

  const store = (tx: ControlTx, { organizationId }: Caller, accountId: number, wanted: WantedUser): Promise<void> =>
    putScimMember(tx, { organizationId, accountId, ...wanted, nowMs: clock.nowMs() })

  const create = (caller: Caller, body: unknown): Promise<Resource> =>
    inOrganization(caller, async (tx) => {
      const wanted = readUser(body)
      await refuseForeignDomain(tx, caller, wanted.email)
      // Whoever exists is invited, not taken (auth §8).
      if ((await findAccountId(tx, wanted.email)) !== null) throw new ScimConflict('this account exists')
      const accountId = await insertAccount(tx, wanted.email)
      await store(tx, caller, accountId, wanted)
      if (wanted.isActive) {
        await addMember(tx, caller.organizationId, accountId)
        await audit(tx, caller, 'user_added', accountId, wanted.email)
      }
      const members = await listScimMembers(tx, caller.organizationId, clock.nowMs())
      return resource(tx, caller, members.find((each) => each.accountId === accountId)?.scimId ?? '')
    })

  const change = async (tx: ControlTx, caller: Caller, id: string, wanted: WantedUser): Promise<Resource> => {
    const before = await member(tx, caller, id)
    await rename(tx, caller, before, wanted.email)
    if (before.isActive && !wanted.isActive) await putAside(tx, caller, before)
    await store(tx, caller, before.accountId, wanted)
    if (!before.isActive && wanted.isActive) {
      // As a member: what the person could do was taken away with the membership.
      await addMember(tx, caller.organizationId, before.accountId)
      await audit(tx, caller, 'user_added', before.accountId, wanted.email)
    }
    return resource(tx, caller, id)
  }

  // Both addresses have to be the organization's: an account is not taken over, nor given away.
  const rename = async (tx: ControlTx, caller: Caller, before: ScimMember, email: string): Promise<void> => {
    if (email === before.email.toLowerCase()) return
    await refuseForeignDomain(tx, caller, before.email)
    await refuseForeignDomain(tx, caller, email)
    if ((await findAccountId(tx, email)) !== null) throw new ScimConflict('this account exists')
    await renameAccount(tx, before.accountId, email)
  }

  const putAside = async (tx: ControlTx, caller: Caller, { accountId, role, email }: ScimMember): Promise<void> => {
    if (role === 'owner' && !(await hasOtherOwner(tx, caller.organizationId, accountId))) {
      throw new ScimConflict('an organization always has an owner')
    }
    await removeMember(tx, caller.organizationId, accountId, clock.nowMs())
    await audit(tx, caller, 'user_removed', accountId, email)
  }

  return {
    list: (caller: Caller) => inOrganization(caller, (tx) => all(tx, caller)),
    get: (caller: Caller, id: string) => inOrganization(caller, (tx) => resource(tx, caller, id)),
    create,
    replace: (caller: Caller, id: string, body: unknown) =>
      inOrganization(caller, (tx) => change(tx, caller, id, readUser(body))),
    patch: (caller: Caller, id: string, body: unknown) =>
      inOrganization(caller, async (tx) => {
        const before = await resource(tx, caller, id)
        return change(tx, caller, id, readUser(withEmail(before, patched(before, body))))
      }),
    remove: (caller: Caller, id: string) =>
      inOrganization(caller, async (tx) => {
        const before = await member(tx, caller, id)
        if (before.isActive) await putAside(tx, caller, before)
        await deleteScimMember(tx, caller.organizationId, before.accountId)
      }),
  }
}

export type ScimUsers = ReturnType<typeof createScimUsers>

/** A new address may come as the e-mail alone: then it is the user name too. */
const withEmail = (before: Resource, after: unknown): unknown => {
  const { userName, emails } = after as { readonly userName?: unknown; readonly emails?: unknown }
  const primary = Array.isArray(emails) ? (emails as { readonly value?: unknown }[])[0]?.value : undefined
  const isNew = userName === before['userName'] && typeof primary === 'string' && primary !== before['userName']
  return isNew ? { ...(after as object), userName: primary } : after
}
