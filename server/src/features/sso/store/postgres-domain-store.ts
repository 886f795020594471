import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export interface ClaimedDomain {
  readonly organizationId: number
  readonly domain: string
  readonly token: string
  readonly checkedAtMs: number | null
  readonly seenAtMs: number | null
  readonly isVerified: boolean
}

interface Row {
  readonly organization_id: number
  readonly domain: string
  readonly token: string
  readonly checked_at: Date | null
  readonly seen_at: Date | null
  readonly verified_at: Date | null
}

const domainOfRow = (row: Row): ClaimedDomain => ({
  organizationId: row.organization_id,
  domain: row.domain,
  token: row.token,
  checkedAtMs: row.checked_at?.getTime() ?? null,
  seenAtMs: row.seen_at?.getTime() ?? null,
  isVerified: row.verified_at !== null,
})

export const listDomains = async (tx: ControlTx, organizationId: number): Promise<readonly ClaimedDomain[]> => {
  const rows = await tx.rows<Row>('SELECT * FROM sso_domain WHERE organization_id = $1 ORDER BY domain', [
    organizationId,
  ])
  return rows.map(domainOfRow)
}

export const findDomain = async (
  tx: ControlTx,
  organizationId: number,
  domain: string,
): Promise<ClaimedDomain | null> => {
  const [row] = await tx.rows<Row>('SELECT * FROM sso_domain WHERE organization_id = $1 AND domain = $2', [
    organizationId,
    domain,
  ])
  return row === undefined ? null : domainOfRow(row)
}

/** False when it is claimed already; the old token stays. */
export const insertDomain = async (
  tx: ControlTx,
  claim: { readonly organizationId: number; readonly domain: string; readonly token: string; readonly nowMs: number },
): Promise<boolean> => {
  const rows = await tx.rows(
    `INSERT INTO sso_domain (organization_id, domain, token, claimed_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT DO NOTHING RETURNING domain`,
    [claim.organizationId, claim.domain, claim.token, new Date(claim.nowMs)],
  )
  return rows.length === 1
}

/** False: there was none. */
export const deleteDomain = async (tx: ControlTx, organizationId: number, domain: string): Promise<boolean> => {
  const rows = await tx.rows('DELETE FROM sso_domain WHERE organization_id = $1 AND domain = $2 RETURNING domain', [
    organizationId,
    domain,
  ])
  return rows.length === 1
}

/** Whose the domain is: of the one organization that proved it. Null: nobody's. */
export const ownerOfDomain = async (tx: ControlTx, domain: string): Promise<number | null> => {
  const [row] = await tx.rows<{ organization_id: number }>(
    'SELECT organization_id FROM sso_domain WHERE domain = $1 AND verified_at IS NOT NULL',
    [domain],
  )
  return row?.organization_id ?? null
}

/** Writes down what a look at the record found. False when another organization has proved the domain before. */
export const noteCheck = async (
  tx: ControlTx,
  check: {
    readonly claim: ClaimedDomain
    readonly isSeen: boolean
    readonly isVerified: boolean
    readonly nowMs: number
  },
): Promise<boolean> => {
  const { organizationId, domain } = check.claim
  const now = new Date(check.nowMs)
  // One at a time for each domain, whoever claims it.
  await tx.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sso domain ${domain}`])
  const owner = await ownerOfDomain(tx, domain)
  const isTaken = owner !== null && owner !== organizationId
  await tx.rows(
    `UPDATE sso_domain SET checked_at = $3, seen_at = CASE WHEN $4 THEN $3 ELSE seen_at END,
       verified_at = CASE WHEN $5 THEN coalesce(verified_at, $3) END
     WHERE organization_id = $1 AND domain = $2`,
    [organizationId, domain, now, check.isSeen, check.isVerified && !isTaken],
  )
  return !isTaken
}

/** Claims that nobody looked at since `beforeMs`. */
export const domainsToCheck = async (
  tx: ControlTx,
  beforeMs: number,
  countMax: number,
): Promise<readonly ClaimedDomain[]> => {
  const rows = await tx.rows<Row>(
    `SELECT * FROM sso_domain WHERE coalesce(checked_at, claimed_at) < $1 ORDER BY coalesce(checked_at, claimed_at) LIMIT $2`,
    [new Date(beforeMs), countMax],
  )
  return rows.map(domainOfRow)
}
