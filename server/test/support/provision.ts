// Who and what exists in the server that tests start. Credentials of tests, not secrets.

const key = (seed: string): string => seed.padEnd(32, '0')

export const us = { id: 1001, token: key('1001a'), secret: key('1001b') } as const
export const eu = { id: 2001, token: key('2001a'), secret: key('2001b') } as const
export const india = { id: 3001, token: key('3001a'), secret: key('3001b') } as const
/** Of another organization, in US. */
export const other = { id: 1002, token: key('1002a'), secret: key('1002b') } as const

const person = (name: string, token: string) => ({
  email: `${name}@acme.test`,
  password: `${name} horse battery`,
  gdprToken: token.padEnd(30, '0'),
})
export const owner = person('owner', 'gdprOwner')
export const admin = person('admin', 'gdprAdmin')
export const analyst = person('analyst', 'gdprAnalyst')
/** Owns the other organization. */
export const stranger = { ...person('stranger', 'gdprStranger'), email: 'owner@other.test' }
/** Of the owner; issued long ago. */
export const expiredGdprToken = 'gdprExpired'.padEnd(30, '0')

const account = (role: string) => ({ username: `${role}.abc123.mp-service-account`, secret: `${role} secret of tests` })
export const ownerAccount = account('owner')
export const adminAccount = account('admin')
export const analystAccount = account('analyst')
export const consumerAccount = account('consumer')
export const strangerAccount = { username: 'other.abc123.mp-service-account', secret: 'other secret of tests' }

/** Organization 1 with projects in US and EU (and IN when asked), organization 2 with one in US. */
export const defaultProvision = ({ withIndia = false } = {}) => {
  const projects = [
    { ...us, name: 'Shop', region: 'US', timezone: 'UTC', identity: 'simplified' },
    { ...eu, name: 'Shop EU', region: 'EU', timezone: 'Europe/Berlin', identity: 'simplified' },
    ...(withIndia ? [{ ...india, name: 'Shop IN', region: 'IN', timezone: 'Asia/Kolkata' }] : []),
  ]
  const everywhere = (role: string) => projects.map(({ id }) => ({ id, role }))
  const user = ({ email, password }: typeof owner, role: string) => ({ email, password, role })
  return {
    organizations: [
      {
        id: 1,
        name: 'Acme',
        users: [user(owner, 'owner'), user(admin, 'admin'), user(analyst, 'analyst')],
        projects,
        service_accounts: [
          { ...adminAccount, projects: everywhere('admin') },
          { ...analystAccount, projects: everywhere('analyst') },
          { ...consumerAccount, projects: everywhere('consumer') },
          { ...ownerAccount, projects: everywhere('owner') },
        ],
        gdpr_tokens: [
          { user: owner.email, token: owner.gdprToken },
          { user: owner.email, token: expiredGdprToken, issued_at: '2020-01-31T00:00:00Z' },
          { user: admin.email, token: admin.gdprToken },
          { user: analyst.email, token: analyst.gdprToken },
        ],
      },
      {
        id: 2,
        name: 'Other',
        users: [user(stranger, 'owner')],
        projects: [{ ...other, name: 'Other shop', region: 'US' }],
        service_accounts: [{ ...strangerAccount, projects: [{ id: other.id, role: 'admin' }] }],
        gdpr_tokens: [{ user: stranger.email, token: stranger.gdprToken }],
      },
    ],
  }
}
