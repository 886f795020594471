import { basic, bearer, type Lethe, startLethe } from '../../server/test/support/lethe.ts'

export const project = {
  id: 1001,
  token: 'bench0000000000000000000000token',
  secret: 'bench000000000000000000000secret',
} as const
/** A second project, for the side of a comparison that has the same events without something. */
export const otherProject = {
  id: 1002,
  token: 'other0000000000000000000000token',
  secret: 'other000000000000000000000secret',
} as const
const owner = 'owner@bench.test'
const account = { username: 'bench.abc123.mp-service-account', secret: 'secret of the bench' } as const
const gdprToken = 'gdprTokenOfTheBench00000000000'

const provision = {
  organizations: [
    {
      id: 1,
      name: 'Bench',
      users: [{ email: owner, password: 'correct horse battery', role: 'owner' }],
      projects: [
        { ...project, name: 'Bench', region: 'US', identity: 'simplified' },
        { ...otherProject, name: 'Other', region: 'US', identity: 'simplified' },
      ],
      service_accounts: [
        {
          ...account,
          projects: [
            { id: project.id, role: 'admin' },
            { id: otherProject.id, role: 'admin' },
          ],
        },
      ],
      gdpr_tokens: [{ user: owner, token: gdprToken }],
    },
  ],
}

export const asAccount = basic(account.username, account.secret)
export const asOfficer = bearer(gdprToken)

/** The real server with one project in one region, and without the limits that would be measured instead of the work. */
export const startBenchServer = ({ dataDir = null }: { readonly dataDir?: string | null } = {}): Promise<Lethe> =>
  startLethe({
    ...(dataDir === null ? {} : { dataDir }),
    provision,
    env: {
      LETHE_REGIONS: 'us',
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '1000000',
      // What the server can take is measured, not what it lets in.
      LETHE_INGEST_RATE_EVENTS: '0',
      LETHE_INGEST_RATE_BYTES: '0',
      ...profiling(),
    },
  })

/** `BENCH_NODE_OPTIONS='--cpu-prof --cpu-prof-dir=…' npm run bench import`: where the server spends its time. */
const profiling = (): Record<string, string> => {
  const options = process.env['BENCH_NODE_OPTIONS']
  return options === undefined ? {} : { NODE_OPTIONS: options }
}
