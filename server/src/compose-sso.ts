import type { Config } from './config/config.ts'
import { type Access, agentFamily } from './features/access/index.ts'
import { appendAudit } from './features/audit/index.ts'
import { createSso, nodeTxtRecords } from './features/sso/index.ts'
import { sealKeyOf } from './kernel/seal.ts'
import type { Clock } from './kernel/time.ts'
import { errorFields, type Log } from './platform/log.ts'
import type { ControlDb } from './platform/postgres/control-db.ts'

export interface ComposeSsoDeps {
  readonly config: Config
  readonly control: ControlDb
  readonly clock: Clock
  /** The installation's key. */
  readonly secret: Buffer
  readonly log: Log
  readonly access: Access
  readonly confirmPassword: Parameters<typeof createSso>[0]['confirmPassword']
}

/** Single sign-on, with the doors of `access` by which it opens sessions. */
export const composeSso = ({ config, control, clock, secret, log, access, confirmPassword }: ComposeSsoDeps) =>
  createSso({
    control,
    clock,
    appendAudit,
    regions: config.regions,
    servedRegionIds: config.servedRegionIds,
    allowHttp: config.allowHttp,
    sealKey: sealKeyOf(secret, 'sso keys'),
    findTxtRecords: nodeTxtRecords(config.dnsServers),
    openSession: (tx, account, { requestId, userAgent }) => {
      const agent = agentFamily(userAgent)
      return access.sessions.open(tx, account, {
        method: 'sso',
        hasSecondFactor: false,
        agent,
        replaces: null,
        requestId,
      })
    },
    sessionCookie: (token, request) => access.sessionCookie.set(request, token),
    confirmPassword,
    organizationRoleOf: access.organizationRoleOf,
    onProblem: (error) => log.warn('a claimed domain could not be looked up', errorFields(error)),
  })
