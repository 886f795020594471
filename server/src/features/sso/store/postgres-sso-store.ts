import { sha256Hex } from '../../../kernel/hash.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** An organization's identity provider, as its owners set it. */
export interface SsoConfiguration {
  readonly organizationId: number
  readonly issuer: string
  readonly signInUrl: string
  /** PEM, one or two. */
  readonly certificates: readonly string[]
  readonly isEnabled: boolean
  readonly isRequired: boolean
  readonly sealedKey: string
  readonly encryptionCertificate: string
}

interface Row {
  readonly organization_id: number
  readonly issuer: string
  readonly sign_in_url: string
  readonly certificates: string[]
  readonly is_enabled: boolean
  readonly is_required: boolean
  readonly sealed_key: string
  readonly encryption_certificate: string
}

const configurationOf = (row: Row | undefined): SsoConfiguration | null =>
  row === undefined
    ? null
    : {
        organizationId: row.organization_id,
        issuer: row.issuer,
        signInUrl: row.sign_in_url,
        certificates: row.certificates,
        isEnabled: row.is_enabled,
        isRequired: row.is_required,
        sealedKey: row.sealed_key,
        encryptionCertificate: row.encryption_certificate,
      }

export const findConfiguration = async (tx: ControlTx, organizationId: number): Promise<SsoConfiguration | null> => {
  const [row] = await tx.rows<Row>('SELECT * FROM sso_configuration WHERE organization_id = $1', [organizationId])
  return configurationOf(row)
}

export const findConfigurationByIssuer = async (tx: ControlTx, issuer: string): Promise<SsoConfiguration | null> => {
  const [row] = await tx.rows<Row>('SELECT * FROM sso_configuration WHERE issuer = $1', [issuer])
  return configurationOf(row)
}

/** False when another organization has this issuer. */
export const putConfiguration = async (tx: ControlTx, configuration: SsoConfiguration): Promise<boolean> => {
  const taken = await findConfigurationByIssuer(tx, configuration.issuer)
  if (taken !== null && taken.organizationId !== configuration.organizationId) return false
  const { organizationId, issuer, signInUrl, certificates, isEnabled, isRequired } = configuration
  await tx.rows(
    `INSERT INTO sso_configuration VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (organization_id) DO UPDATE SET issuer = $2, sign_in_url = $3, certificates = $4, is_enabled = $5, is_required = $6`,
    [
      organizationId,
      issuer,
      signInUrl,
      certificates,
      isEnabled,
      isRequired,
      configuration.sealedKey,
      configuration.encryptionCertificate,
    ],
  )
  return true
}

export const deleteConfiguration = async (tx: ControlTx, organizationId: number): Promise<void> => {
  await tx.rows('DELETE FROM sso_configuration WHERE organization_id = $1', [organizationId])
}

/** AUTH-27: sessions of those whom only the provider may let in from now on; owners and admins keep theirs. */
export const endPasswordSessions = async (tx: ControlTx, organizationId: number, nowMs: number): Promise<void> => {
  await tx.rows(
    `UPDATE session SET ended_at = $2 WHERE ended_at IS NULL AND account_id IN (
       SELECT account_id FROM organization_member m LEFT JOIN sso_link l USING (organization_id)
       WHERE $1 IN (m.organization_id, l.admin_organization_id) AND role NOT IN ('owner', 'admin'))`,
    [organizationId, new Date(nowMs)],
  )
}

/** The organizations that let this person in by their identity provider only (AUTH-27). */
export const requiredSignInOf = async (tx: ControlTx, accountId: number): Promise<number | null> => {
  const [row] = await tx.rows<{ organization_id: number }>(
    `SELECT m.organization_id FROM organization_member m LEFT JOIN sso_link l USING (organization_id)
       JOIN sso_configuration c ON c.organization_id = coalesce(l.admin_organization_id, m.organization_id)
     WHERE m.account_id = $1 AND c.is_required AND m.role NOT IN ('owner', 'admin') ORDER BY 1 LIMIT 1`,
    [accountId],
  )
  return row?.organization_id ?? null
}

/** A sign-in that begins here. Those that nobody answered in time are removed on the way. */
export const insertRequest = async (
  tx: ControlTx,
  request: { readonly id: string; readonly organizationId: number; readonly nowMs: number; readonly endsAtMs: number },
): Promise<void> => {
  await tx.rows('DELETE FROM sso_request WHERE expires_at < $1', [new Date(request.nowMs)])
  await tx.rows('INSERT INTO sso_request VALUES ($1, $2, $3)', [
    request.id,
    request.organizationId,
    new Date(request.endsAtMs),
  ])
}

/** True once for a request of the organization that still waits. */
export const takeRequest = async (
  tx: ControlTx,
  id: string,
  organizationId: number,
  nowMs: number,
): Promise<boolean> => {
  const taken = await tx.rows(
    'DELETE FROM sso_request WHERE id = $1 AND organization_id = $2 AND expires_at > $3 RETURNING id',
    [id, organizationId, new Date(nowMs)],
  )
  return taken.length === 1
}

/** True for the first time only, whichever server is asked: the primary key decides. */
export const useAssertion = async (
  tx: ControlTx,
  assertion: {
    readonly organizationId: number
    readonly id: string
    readonly endsAtMs: number
    readonly nowMs: number
  },
): Promise<boolean> => {
  await tx.rows('DELETE FROM sso_used_assertion WHERE expires_at < $1', [new Date(assertion.nowMs)])
  const first = await tx.rows(
    'INSERT INTO sso_used_assertion VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING organization_id',
    [assertion.organizationId, sha256Hex(assertion.id), new Date(assertion.endsAtMs)],
  )
  return first.length === 1
}
