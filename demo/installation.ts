import { randomBytes } from 'node:crypto'

export interface Shop {
  readonly id: number
  readonly name: string
  readonly region: 'US' | 'EU'
  readonly timezone: string
  readonly token: string
  readonly secret: string
}

/** Who and what exists in the throwaway server. New secrets each time: they are printed at the end. */
export interface Installation {
  readonly us: Shop
  readonly eu: Shop
  readonly account: { readonly username: string; readonly secret: string }
  readonly officer: { readonly email: string; readonly password: string }
  readonly gdprToken: string
}

const hex32 = (): string => randomBytes(16).toString('hex')

export const newInstallation = (): Installation => ({
  us: { id: 1001, name: 'Shop', region: 'US', timezone: 'America/New_York', token: hex32(), secret: hex32() },
  eu: { id: 2001, name: 'Shop EU', region: 'EU', timezone: 'Europe/Berlin', token: hex32(), secret: hex32() },
  account: { username: 'demo.abc123.mp-service-account', secret: hex32() },
  officer: { email: 'officer@acme.test', password: hex32() },
  gdprToken: hex32(),
})

/** The provisioning file of the installation. */
export const provisionOf = ({ us, eu, account, officer, gdprToken }: Installation): object => ({
  organizations: [
    {
      id: 1,
      name: 'Acme',
      users: [{ ...officer, role: 'owner' }],
      projects: [us, eu].map((shop) => ({ ...shop, identity: 'simplified' })),
      service_accounts: [{ ...account, projects: [us, eu].map(({ id }) => ({ id, role: 'admin' })) }],
      gdpr_tokens: [{ user: officer.email, token: gdprToken }],
    },
  ],
})
