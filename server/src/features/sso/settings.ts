import { z } from 'zod'
import type { AuditEntry } from '../../kernel/audit.ts'
import { AppError, InvalidRequest, NotFound } from '../../kernel/errors.ts'
import { type SealKey, seal } from '../../kernel/seal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { Addresses } from './domain/addresses.ts'
import { expiryWarnings, factsOf, readCertificate } from './domain/certificate.ts'
import { makeOwnKey } from './domain/self-signed.ts'
import type { Who } from './domains.ts'
import { sealContext } from './sign-in.ts'
import { listDomains } from './store/postgres-domain-store.ts'
import {
  deleteConfiguration,
  endPasswordSessions,
  findConfiguration,
  putConfiguration,
  type SsoConfiguration,
} from './store/postgres-sso-store.ts'

export interface SettingsDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly addresses: Addresses
  readonly sealKey: SealKey
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

const settingsBody = z.strictObject({
  issuer: z.string().trim().min(1).max(1_000),
  sign_in_url: z.url({ protocol: /^https?$/ }).max(2_000),
  certificates: z.array(z.string().max(20_000)).min(1).max(2),
  enabled: z.boolean().default(true),
  required: z.boolean().default(false),
})

/** AUTH-23, 24, 27: an organization's identity provider as its owners and admins see and set it (auth §8). */
export const createSettings = (deps: SettingsDeps) => {
  const { control, clock, addresses, appendAudit } = deps

  const audit = (tx: ControlTx, event: 'updated' | 'removed', organizationId: number, who: Who, changes: Changes) =>
    appendAudit(tx, {
      type: `sso.${event}`,
      actor: who.actor,
      organizationId,
      projectId: null,
      changes,
      requestId: who.requestId,
    })

  const show = async (organizationId: number) => {
    const found = await findConfiguration(control, organizationId)
    const configuration = found === null ? null : shownConfiguration(found, clock.nowMs())
    return { configuration, service_provider: addresses.postbacksOf(organizationId) }
  }

  const put = async (organizationId: number, body: unknown, who: Who) => {
    const parsed = settingsBody.safeParse(body)
    if (!parsed.success) throw new InvalidRequest(faultText(parsed.error))
    const { issuer, sign_in_url: signInUrl, enabled, required } = parsed.data
    if (required && !enabled) throw new InvalidRequest('what is not enabled cannot be required')
    const certificates = parsed.data.certificates.map(readCertificate)
    if (new Set(certificates).size < certificates.length) throw new InvalidRequest('the certificates are the same')
    const before = await findConfiguration(control, organizationId)
    const ownKey = before ?? (await newOwnKey(organizationId))
    const { sealedKey, encryptionCertificate } = ownKey
    const settings = { issuer, signInUrl, certificates, isEnabled: enabled, isRequired: required }
    await control.tx(async (tx) => {
      await refuseLockout(tx, organizationId, required)
      const stored = { organizationId, ...settings, sealedKey, encryptionCertificate }
      if (!(await putConfiguration(tx, stored))) throw new IssuerTaken()
      if (required && before?.isRequired !== true) await endPasswordSessions(tx, organizationId, clock.nowMs())
      await audit(tx, 'updated', organizationId, who, changesOf(before, stored))
    })
    return show(organizationId)
  }

  const newOwnKey = async (organizationId: number) => {
    const made = await makeOwnKey(`Lethe SSO of organization ${organizationId}`, clock.nowMs())
    return {
      sealedKey: seal(deps.sealKey, sealContext(organizationId), made.privateKey),
      encryptionCertificate: made.certificate,
    }
  }

  /** auth §8: only after disabling; for good. Domains stay claimed. */
  const remove = (organizationId: number, who: Who): Promise<void> =>
    control.tx(async (tx) => {
      const found = await findConfiguration(tx, organizationId)
      if (found === null) throw new NotFound('this organization has no single sign-on')
      if (found.isEnabled) throw new InvalidRequest('disable single sign-on before you remove it')
      await deleteConfiguration(tx, organizationId)
      await audit(tx, 'removed', organizationId, who, { issuer: { before: found.issuer, after: null } })
    })

  return { show, put, remove }
}

export type Settings = ReturnType<typeof createSettings>

type Changes = Readonly<Record<string, { readonly before: unknown; readonly after: unknown }>>

// Nobody but owners and admins could get in where no domain is proved.
const refuseLockout = async (tx: ControlTx, organizationId: number, isRequired: boolean): Promise<void> => {
  if (!isRequired) return
  const domains = await listDomains(tx, organizationId)
  if (!domains.some(({ isVerified }) => isVerified)) {
    throw new InvalidRequest('verify a domain before you require single sign-on')
  }
}

const shownConfiguration = (found: SsoConfiguration, nowMs: number) => ({
  issuer: found.issuer,
  sign_in_url: found.signInUrl,
  certificates: found.certificates.map((pem) => ({ ...factsOf(pem), pem })),
  enabled: found.isEnabled,
  required: found.isRequired,
  encryption_certificate: found.encryptionCertificate,
  warnings: expiryWarnings(found.certificates, nowMs),
})

const told = (found: SsoConfiguration) => ({
  issuer: found.issuer,
  sign_in_url: found.signInUrl,
  certificates: found.certificates.map((pem) => factsOf(pem).fingerprint256),
  enabled: found.isEnabled,
  required: found.isRequired,
})

const changesOf = (before: SsoConfiguration | null, after: SsoConfiguration): Changes => {
  const [old, now] = [before === null ? null : told(before), told(after)]
  const names = Object.keys(now) as (keyof typeof now)[]
  const changed = names.filter((name) => JSON.stringify(old?.[name]) !== JSON.stringify(now[name]))
  return Object.fromEntries(changed.map((name) => [name, { before: old?.[name] ?? null, after: now[name] }]))
}

const faultText = (error: z.ZodError): string => {
  const [issue] = error.issues
  return `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not allowed'}`
}

/** auth §8: an issuer is unique across organizations. */
class IssuerTaken extends AppError {
  constructor() {
    super('CONFLICT', 'another organization uses this issuer', { status: 409 })
  }
}
