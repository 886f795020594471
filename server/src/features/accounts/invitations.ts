import { randomUUID } from 'node:crypto'
import { hash } from '@node-rs/argon2'
import type { Received } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden, NotFound } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { OrganizationRole } from '../../kernel/principal.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { type Invitation, invitationDays } from './domain/member.ts'
import type { ProjectGrant } from './domain/service-account.ts'
import { Exists, NoSuchProject, RoleTooHigh } from './errors.ts'
import { refuseGrantBeyond, shownGrant } from './grants.ts'
import { createInvitationMails } from './invitation-mails.ts'
import type { Caller } from './service-accounts.ts'
import {
  insertInvitation,
  listInvitations,
  lockInvitation,
  markAccepted,
  renewInvitation,
  revokeInvitation,
} from './store/postgres-invitation-store.ts'
import {
  findAccountId,
  insertAccount,
  listMembers,
  putMember,
  putProjectMember,
} from './store/postgres-member-store.ts'
import { findOrganization } from './store/postgres-organization-store.ts'
import { liveProjectIds } from './store/postgres-service-account-store.ts'

export interface InvitationsDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly nowMs: () => number
  /** Brings links to those who are invited. Null: there is no mail, and the inviter is given the link. */
  readonly mail: InvitationMail | null
  /** Mails to one e-mail domain in a rolling hour, by this server (auth §6.4). */
  readonly mailsPerHourMax: number
}

/** `asked`: the request whose host the link leads to. Throws when the mail is not taken. */
export type InvitationMail = (mail: {
  readonly email: string
  readonly token: string
  readonly organization: string
  readonly asked: Received
}) => Promise<void>

export interface WantedInvitation {
  readonly email: string
  readonly role: OrganizationRole
  readonly projects: readonly ProjectGrant[]
}

/** What the inviter is answered; `token` is there, this once, when nothing was mailed. */
export interface SentInvitation extends Invitation {
  readonly mailed: boolean
  readonly token?: string
}

/** Null: the inviter hands on the link. */
type ByMail = Received | null

const tokenLength = 43
type Made = Invitation & { readonly token: string }

const lifeFrom = (nowMs: number) => ({
  created: new Date(nowMs),
  expires: new Date(nowMs + invitationDays * 86_400_000),
})

/** AUTH-18: invitations into an organization and its projects, up to the roles of the one who invites. */
export const createInvitations = ({ control, appendAudit, nowMs, mail, mailsPerHourMax }: InvitationsDeps) => {
  const mails = createInvitationMails({ mail, mailsPerHourMax, nowMs, nameOf: (id) => findOrganization(control, id) })

  const audit = (tx: ControlTx, caller: Caller, { id, email }: Pick<Invitation, 'id' | 'email'>) =>
    appendAudit(tx, {
      type: 'invitation.sent',
      ...caller.who,
      organizationId: caller.authority.organizationId,
      projectId: null,
      target: { type: 'invitation', id, name: email },
    })

  const send = async (
    caller: Caller,
    wanted: readonly WantedInvitation[],
    byMail: ByMail,
  ): Promise<readonly SentInvitation[]> => {
    const { organizationId } = caller.authority
    const byEmail = new Map(wanted.map((one) => [one.email.toLowerCase(), one]))
    const begun = mails.begin([...byEmail.keys()], byMail)
    const made = await control.tx(async (tx) => {
      for (const one of byEmail.values()) await refuseBeyond(tx, caller, one)
      const members = new Set((await listMembers(tx, organizationId)).map((member) => member.email.toLowerCase()))
      const invitations: Made[] = []
      for (const [email, { role, projects }] of byEmail) {
        if (members.has(email)) throw new Exists('one of them is a member of the organization')
        const invitation = { id: randomUUID(), email, role, projects, ...lifeFrom(nowMs()) }
        const token = randomAlphanumeric(tokenLength)
        const inviterId = caller.who.actor.type === 'user' ? caller.id : null
        await insertInvitation(tx, { ...invitation, organizationId, tokenHash: sha256Hex(token), inviterId })
        await audit(tx, caller, invitation)
        invitations.push({ ...invitation, token })
      }
      return invitations
    })
    return begun(organizationId, made)
  }

  /** Another link for an invitation that waits; the one before ends. By mail, or for the inviter to copy. */
  const renew = async (caller: Caller, id: string, byMail: ByMail): Promise<SentInvitation> => {
    const { organizationId } = caller.authority
    const open = (await listInvitations(control, organizationId, nowMs())).find((invitation) => invitation.id === id)
    if (open === undefined) throw new NoSuchInvitation()
    const begun = mails.begin([open.email], byMail)
    const token = randomAlphanumeric(tokenLength)
    const life = lifeFrom(nowMs())
    await control.tx(async (tx) => {
      await refuseBeyond(tx, caller, open)
      const renewed = { organizationId, id, tokenHash: sha256Hex(token), expires: life.expires, nowMs: nowMs() }
      if (!(await renewInvitation(tx, renewed))) throw new NoSuchInvitation()
      await audit(tx, caller, open)
    })
    const [sent] = await begun(organizationId, [{ ...open, expires: life.expires, token }])
    return sent as SentInvitation
  }

  const revoke = (caller: Caller, id: string): Promise<void> =>
    control.tx(async (tx) => {
      const { organizationId } = caller.authority
      const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
      const revoked = isId ? await revokeInvitation(tx, organizationId, id, nowMs()) : null
      if (revoked === null) throw new NoSuchInvitation()
      const target = { type: 'invitation', id, name: revoked.email }
      await appendAudit(tx, { type: 'invitation.revoked', ...caller.who, organizationId, projectId: null, target })
    })

  const join = async (
    tx: ControlTx,
    invitation: Invitation & { readonly organizationId: number },
    accountId: number,
    requestId: string,
  ): Promise<number> => {
    const { organizationId, email } = invitation
    const [member] = await listMembers(tx, organizationId, accountId)
    // A member keeps their role: an old link must not take it back.
    if (member === undefined) await putMember(tx, organizationId, accountId, invitation.role)
    const live = await liveProjectIds(
      tx,
      organizationId,
      invitation.projects.map(({ id }) => id),
    )
    const known = new Set(member?.projects.map(({ id }) => id))
    await markAccepted(tx, invitation.id, nowMs())
    const actor = { type: 'user', id: String(accountId), name: email } as const
    const target = { type: 'invitation', id: invitation.id, name: email }
    const entry = { actor, organizationId, projectId: null, requestId }
    await appendAudit(tx, { ...entry, type: 'invitation.accepted', target })
    const user = { type: 'user', id: String(accountId), name: email }
    if (member === undefined) {
      const role = { before: null, after: invitation.role }
      await appendAudit(tx, { ...entry, type: 'organization.user_added', target: user, changes: { role } })
    }
    for (const grant of invitation.projects.filter(({ id }) => live.has(id) && !known.has(id))) {
      await putProjectMember(tx, accountId, grant)
      const changes = { role: { before: null, after: shownGrant(grant) } }
      await appendAudit(tx, { ...entry, type: 'project.user_added', projectId: grant.id, target: user, changes })
    }
    return organizationId
  }

  const opened = async (tx: ControlTx, token: string) => {
    const invitation = await lockInvitation(tx, sha256Hex(token), nowMs())
    if (invitation === null) throw new NotFound('this invitation was used, withdrawn, or is too old')
    return invitation
  }

  /**
   * For somebody new: makes their account. An account that exists keeps its password, and accepts after logging in.
   * `password` null: they sign in by mailed links until they set one (auth §7).
   */
  const acceptAsNew = async (token: string, password: string | null, requestId: string): Promise<number> => {
    // Before the slow hash: a made-up token costs the server nothing.
    await control.tx((tx) => opened(tx, token))
    const passwordHash = password === null ? null : await hash(password)
    return control.tx(async (tx) => {
      const invitation = await opened(tx, token)
      if ((await findAccountId(tx, invitation.email)) !== null) {
        throw new Exists('this e-mail has an account: log in, then accept the invitation')
      }
      return join(tx, invitation, await insertAccount(tx, invitation.email, passwordHash), requestId)
    })
  }

  const acceptAs = (account: { readonly userId: number; readonly email: string }, token: string, requestId: string) =>
    control.tx(async (tx) => {
      const invitation = await opened(tx, token)
      if (invitation.email.toLowerCase() !== account.email.toLowerCase()) {
        throw new Forbidden('this invitation is for another e-mail')
      }
      return join(tx, invitation, account.userId, requestId)
    })

  return {
    send,
    renew,
    revoke,
    acceptAsNew,
    acceptAs,
    list: (organizationId: number) => listInvitations(control, organizationId, nowMs()),
  }
}

export type Invitations = ReturnType<typeof createInvitations>

class NoSuchInvitation extends NotFound {
  constructor() {
    super('there is no such open invitation')
  }
}

/** Admins of a project invite members into it; everything else is for owners and admins of the organization. */
const refuseBeyond = async (
  tx: ControlTx,
  { authority }: Caller,
  { role, projects }: Omit<WantedInvitation, 'email'>,
) => {
  const isForProjects = role === 'member' && projects.length > 0
  if (!isForProjects && !authority.mayGiveOrganizationRole(role)) throw new RoleTooHigh()
  const ids = projects.map(({ id }) => id)
  const live = await liveProjectIds(tx, authority.organizationId, ids)
  for (const grant of projects) {
    if (!live.has(grant.id) || !authority.mayGive('consumer', grant.id)) throw new NoSuchProject(grant.id)
    await refuseGrantBeyond(tx, authority, grant)
  }
}
