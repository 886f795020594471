import type { AuditEntry } from '../../kernel/audit.ts'
import { AppError, InvalidRequest, NotFound } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import { type Clock, dayMs } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { readDomain } from './domain/domain-claim.ts'
import type { Who } from './domains.ts'
import {
  deleteLink,
  findLink,
  hasProjects,
  insertLink,
  insertLinkCode,
  listLinks,
  renameLink,
  type SsoLink,
  syncLinkedMembers,
  takeLinkCode,
  transferDomain,
} from './store/postgres-link-store.ts'
import { lockOrganization } from './store/postgres-scim-store.ts'
import { endPasswordSessions, findConfiguration } from './store/postgres-sso-store.ts'

export interface LinksDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/** Lets the members of linked organizations follow the groups of their admin organization, and writes it down. */
export const createLinkSync =
  ({ clock, appendAudit }: Pick<LinksDeps, 'clock' | 'appendAudit'>) =>
  async (tx: ControlTx, adminOrganizationId: number, requestId: string): Promise<void> => {
    for (const { organizationId, accountId, event } of await syncLinkedMembers(
      tx,
      adminOrganizationId,
      clock.nowMs(),
    )) {
      await appendAudit(tx, {
        type: `organization.${event}`,
        actor: { type: 'system', id: null, name: 'SCIM' },
        organizationId,
        projectId: null,
        target: { type: 'user', id: String(accountId) },
        requestId,
      })
    }
  }

/** AUTH-29: several organizations share the identity provider of one, the admin organization (auth §8). */
export const createLinks = ({ control, clock, appendAudit }: LinksDeps) => {
  const sync = createLinkSync({ clock, appendAudit })
  // Both organizations can read that they are, or were, linked.
  const audit = async (
    tx: ControlTx,
    event: 'created' | 'updated' | 'removed',
    link: Pair,
    who: Who,
  ): Promise<void> => {
    for (const organizationId of [link.adminOrganizationId, link.organizationId]) {
      const target = { type: 'organization', id: String(link.organizationId) }
      await appendAudit(tx, { type: `sso_link.${event}`, ...who, organizationId, projectId: null, target })
    }
  }

  const makeCode = (adminOrganizationId: number, who: Who) =>
    control.tx(async (tx) => {
      await refuseAdmin(tx, adminOrganizationId)
      const nowMs = clock.nowMs()
      const [code, endsAtMs] = [randomAlphanumeric(32), nowMs + dayMs]
      await insertLinkCode(tx, { code, adminOrganizationId, nowMs, endsAtMs })
      const target = { type: 'organization', id: String(adminOrganizationId) }
      const entry = { ...who, organizationId: adminOrganizationId, projectId: null, target }
      await appendAudit(tx, { type: 'sso_link.code_created', ...entry })
      return { code, expires: new Date(endsAtMs).toISOString() }
    })

  const link = (organizationId: number, code: string, who: Who) =>
    control.tx(async (tx) => {
      await lockOrganization(tx, organizationId)
      if ((await findLink(tx, organizationId)) !== null) throw new LinkConflict('this organization is linked already')
      if ((await listLinks(tx, organizationId)).length > 0) {
        throw new LinkConflict('other organizations are linked to this one')
      }
      const adminOrganizationId = await takeLinkCode(tx, code, clock.nowMs())
      if (adminOrganizationId === null || adminOrganizationId === organizationId) {
        throw new InvalidRequest('this code is unknown, over or used')
      }
      await lockOrganization(tx, adminOrganizationId)
      await refuseAdmin(tx, adminOrganizationId)
      const made = { organizationId, adminOrganizationId, scimName: `organization ${organizationId}` }
      await insertLink(tx, made)
      await sync(tx, adminOrganizationId, who.requestId)
      const configuration = await findConfiguration(tx, adminOrganizationId)
      if (configuration?.isRequired === true) await endPasswordSessions(tx, organizationId, clock.nowMs())
      await audit(tx, 'created', made, who)
      return { admin_organization_id: adminOrganizationId, scim_name: made.scimName }
    })

  const rename = (adminOrganizationId: number, organizationId: number, scimName: string, who: Who) =>
    control.tx(async (tx) => {
      await lockOrganization(tx, adminOrganizationId)
      const links = await listLinks(tx, adminOrganizationId)
      const found = links.find((each) => each.organizationId === organizationId)
      if (found === undefined) throw new NotFound('this organization is not linked')
      const isTaken = links.some((each) => each !== found && each.scimName.toLowerCase() === scimName.toLowerCase())
      if (isTaken) throw new LinkConflict('another linked organization has this SCIM name')
      await renameLink(tx, organizationId, scimName)
      await sync(tx, adminOrganizationId, who.requestId)
      await audit(tx, 'updated', found, who)
      return shown({ ...found, scimName })
    })

  /** By the admin organization. */
  const release = (adminOrganizationId: number, organizationId: number, who: Who): Promise<void> =>
    control.tx(async (tx) => {
      const found = await findLink(tx, organizationId)
      if (found?.adminOrganizationId !== adminOrganizationId) throw new NotFound('this organization is not linked')
      await deleteLink(tx, organizationId)
      await audit(tx, 'removed', found, who)
    })

  const unlink = (organizationId: number, who: Who): Promise<void> =>
    control.tx(async (tx) => {
      const found = await linkOrThrow(tx, organizationId)
      await deleteLink(tx, organizationId)
      await audit(tx, 'removed', found, who)
    })

  const transfer = (organizationId: number, text: string, who: Who): Promise<void> =>
    control.tx(async (tx) => {
      const found = await linkOrThrow(tx, organizationId)
      if (!(await transferDomain(tx, readDomain(text), found))) {
        throw new NotFound('the organization has not claimed this domain')
      }
      await audit(tx, 'updated', found, who)
    })

  return {
    makeCode,
    link,
    rename,
    unlink,
    release,
    transfer,
    show: async (organizationId: number) => {
      const found = await linkOrThrow(control, organizationId)
      return { admin_organization_id: found.adminOrganizationId, scim_name: found.scimName }
    },
    list: async (adminOrganizationId: number) => (await listLinks(control, adminOrganizationId)).map(shown),
  }
}

export type Links = ReturnType<typeof createLinks>
type Pair = Pick<SsoLink, 'organizationId' | 'adminOrganizationId'>

const linkOrThrow = async (tx: ControlTx, organizationId: number): Promise<SsoLink> => {
  const found = await findLink(tx, organizationId)
  if (found === null) throw new NotFound('this organization is not linked')
  return found
}

const refuseAdmin = async (tx: ControlTx, organizationId: number): Promise<void> => {
  if (await hasProjects(tx, organizationId)) throw new LinkConflict('an admin organization has no projects')
  if ((await findLink(tx, organizationId)) !== null) throw new LinkConflict('this organization is linked itself')
}

const shown = (link: SsoLink) => ({
  organization_id: link.organizationId,
  name: link.organizationName,
  scim_name: link.scimName,
})

class LinkConflict extends AppError {
  constructor(message: string) {
    super('CONFLICT', message, { status: 409 })
  }
}
