import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { groupKeyFault } from '../kernel/group-key.ts'
import { isTimeZone } from '../kernel/time-zone.ts'
import { ConfigFault } from './config.ts'
import type { RegionConfig } from './regions.ts'

// The provisioning file (DESIGN §11): who and what exists. Read whole, checked whole, refused with every fault at once.

const id = z.number({ error: 'expected a whole number from 1 on' }).int().min(1).max(2_147_483_647)
const name = z.string({ error: 'expected a text' }).trim().min(1, 'must not be empty').max(255)
const secretText = (minLength: number) =>
  z
    .string({ error: 'expected a text' })
    .min(minLength, `weak: at least ${minLength} characters`)
    .max(256, 'at most 256 characters')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
    .refine((text) => !/[\u0000-\u001f]/.test(text), 'control characters are not allowed')
const key32 = z
  .string({ error: 'expected a text' })
  .regex(/^[A-Za-z0-9]{32}$/, 'expected 32 letters and digits (openssl rand -hex 16)')

const projectRole = z.enum(['owner', 'admin', 'analyst', 'consumer'], {
  error: 'expected one of owner, admin, analyst, consumer',
})
const userRole = z.enum(['owner', 'admin', 'billing_admin', 'member', 'analyst', 'consumer'], {
  error: 'expected one of owner, admin, billing_admin, member (or analyst, consumer)',
})
const grant = z.strictObject({ id, role: projectRole })

// PRIV-36: sees classified properties of the organization's projects. No role does by itself.
const classifiedAccess = z.boolean({ error: 'expected true or false' }).default(false)

const user = z.strictObject({
  email: z
    .string({ error: 'expected a text' })
    .regex(/^[^\s@]+@[^\s@]+$/, 'expected an e-mail address')
    .max(254),
  password: secretText(8),
  // `analyst` and `consumer` are project roles: a member who has that role on every project of the organization.
  role: userRole,
  projects: z.array(grant).default([]),
  classified_access: classifiedAccess,
})

const lookupTable = z.strictObject({ id: z.uuid({ error: 'expected a UUID' }).toLowerCase(), name })

const groupKey = z.preprocess(
  (sent) => (typeof sent === 'string' ? { key: sent } : sent),
  z.strictObject({
    key: z.string({ error: 'expected a text' }).superRefine((key, context) => {
      const fault = groupKeyFault(key)
      if (fault !== null) context.addIssue({ code: 'custom', message: fault })
    }),
    display_name: name.optional(),
  }),
)

// PRIV-33. `days` left out: the default of the installation; null: for ever.
const keepDays = z.number({ error: 'expected a number of days, or null for ever' }).int().min(1).max(18_250).nullable()
const retention = z.strictObject({
  days: keepDays.optional(),
  events: z
    .array(z.strictObject({ event: name, days: keepDays }))
    .max(500)
    .default([]),
})

const project = z.strictObject({
  id,
  name,
  region: z.string({ error: 'expected a text' }).transform((region) => region.toUpperCase()),
  timezone: z
    .string({ error: 'expected a text' })
    .refine(isTimeZone, 'expected an IANA time zone, such as Europe/Berlin')
    .default('UTC'),
  // EXP-04: as of a project from before 2023.
  project_time: z.boolean({ error: 'expected true or false' }).default(false),
  token: key32,
  secret: key32,
  identity: z
    .enum(['simplified', 'original', 'legacy'], { error: 'expected one of simplified, original, legacy' })
    .default('simplified'),
  suppress_erased: z.boolean({ error: 'expected true or false' }).default(false),
  cluster: z.string({ error: 'expected a text' }).optional(),
  lookup_tables: z.array(lookupTable).default([]),
  // A text alone is a key that is shown by its own name.
  group_keys: z.array(groupKey).default([]),
  retention: retention.optional(),
  // Read by the slice that keeps them.
  data_rules: z.unknown().optional(),
})

const instant = z.iso.datetime({ offset: true, error: 'expected an ISO time, such as 2026-01-31T00:00:00Z' })

const serviceAccount = z.strictObject({
  username: name.refine((text) => !text.includes(':'), 'must not contain a colon: HTTP Basic splits there'),
  secret: secretText(8),
  role: projectRole.optional(),
  expires: instant.optional(),
  projects: z.array(grant).default([]),
  classified_access: classifiedAccess,
})

const gdprToken = z.strictObject({
  user: z.string({ error: 'expected a text' }),
  token: z
    .string({ error: 'expected a text' })
    .regex(/^[A-Za-z0-9_-]{20,128}$/, 'expected 20 to 128 letters and digits'),
  // When it was issued; it expires one year later. Default: when it is first applied.
  issued_at: instant.optional(),
})

const organization = z.strictObject({
  id,
  name,
  users: z.array(user).default([]),
  projects: z.array(project).default([]),
  service_accounts: z.array(serviceAccount).default([]),
  gdpr_tokens: z.array(gdprToken).default([]),
})

const provisionSchema = z.strictObject({ organizations: z.array(organization) })

export type Provision = z.infer<typeof provisionSchema>
export type ProvisionedOrganization = Provision['organizations'][number]

/** Reads and checks the file. Throws ConfigFault with every fault; secrets are never repeated in it. */
export const readProvision = (
  file: string,
  regions: readonly RegionConfig[],
  installedRegionIds: readonly string[],
): Provision => {
  let content: unknown
  try {
    const source = readFileSync(file, 'utf8')
    content = /\.ya?ml$/i.test(file) ? parseYaml(source, { prettyErrors: false }) : JSON.parse(source)
  } catch (error) {
    throw new ConfigFault([`LETHE_PROVISION ${file}: ${reasonOf(error)}`])
  }
  const { provision, faults } = checkProvision(content, regions, installedRegionIds)
  if (provision === null || faults.length > 0) {
    throw new ConfigFault(faults.map((fault) => `LETHE_PROVISION ${file}: ${fault}`))
  }
  return provision
}

// The texts of parsers quote their input, and the input holds secrets.
const reasonOf = (error: unknown): string => {
  const { code, linePos } = error as { code?: string; linePos?: readonly { line: number }[] }
  if (code === 'ENOENT') return 'the file does not exist'
  if (code === 'EACCES') return 'the file may not be read'
  if (linePos?.[0] !== undefined) return `not YAML (line ${linePos[0].line})`
  const position = /position (\d+)/.exec((error as Error).message)?.[1]
  return position === undefined ? 'not JSON' : `not JSON (at character ${position})`
}

/** Pure part: shape first, then what only the whole can tell. */
export const checkProvision = (
  content: unknown,
  regions: readonly RegionConfig[],
  installedRegionIds: readonly string[],
): { readonly provision: Provision | null; readonly faults: readonly string[] } => {
  const result = provisionSchema.safeParse(content)
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`)
    return { provision: null, faults }
  }
  const faults = [
    ...duplicateFaults(result.data),
    ...result.data.organizations.flatMap((found, index) => [
      ...regionFaults(found, `organizations[${index}]`, regions, installedRegionIds),
      ...referenceFaults(found, `organizations[${index}]`),
    ]),
  ]
  return { provision: result.data, faults }
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('') || 'the file'

const duplicateFaults = ({ organizations }: Provision): string[] => {
  const projects = organizations.flatMap((organization) => organization.projects)
  // Tokens and secrets share one list: each has to say alone which project is meant, and as what.
  const keys = projects.flatMap((found) => [
    { key: found.token, label: `the token of project ${found.id}` },
    { key: found.secret, label: `the secret of project ${found.id}` },
  ])
  const memberships = organizations.flatMap((organization) =>
    organization.users.map(({ email }) => `${email.toLowerCase()} in organization ${organization.id}`),
  )
  return [
    ...repeated(organizations.map((found) => String(found.id))).map(
      (value) => `organization id ${value} is used twice`,
    ),
    ...repeated(projects.map((found) => String(found.id))).map((value) => `project id ${value} is used twice`),
    ...keys
      .filter(({ key }, index) => keys.findIndex((other) => other.key === key) !== index)
      .map(({ label }) => `${label} is also the token or secret of another project, or used twice`),
    ...repeated(memberships).map((value) => `user ${value} is listed twice`),
    ...lookupTableFaults(projects),
    ...projects.flatMap((found) =>
      repeated(found.group_keys.map(({ key }) => key)).map(
        (value) => `group key ${JSON.stringify(value)} of project ${found.id} is listed twice`,
      ),
    ),
    ...passwordFaults(organizations),
    ...repeated(organizations.flatMap((found) => found.service_accounts.map(({ username }) => username))).map(
      (value) => `service account ${value} is listed twice`,
    ),
    ...repeated(organizations.flatMap((found) => found.gdpr_tokens.map(({ token }) => token))).map(
      () => 'a gdpr_token is listed twice',
    ),
  ]
}

const lookupTableFaults = (projects: readonly ProvisionedOrganization['projects'][number][]): string[] => [
  ...repeated(projects.flatMap((found) => found.lookup_tables.map((table) => table.id))).map(
    (value) => `lookup table id ${value} is used twice`,
  ),
  ...projects.flatMap((found) =>
    repeated(found.lookup_tables.map((table) => table.name)).map(
      (value) => `lookup table ${JSON.stringify(value)} of project ${found.id} is listed twice`,
    ),
  ),
]

const passwordFaults = (organizations: readonly ProvisionedOrganization[]): string[] => {
  const passwords = new Map<string, Set<string>>()
  for (const { email, password } of organizations.flatMap(({ users }) => users)) {
    const key = email.toLowerCase()
    passwords.set(key, (passwords.get(key) ?? new Set()).add(password))
  }
  return [...passwords]
    .filter(([, found]) => found.size > 1)
    .map(([email]) => `user ${email} has two different passwords`)
}

const repeated = (values: readonly string[]): string[] => [
  ...new Set(values.filter((value, index) => values.indexOf(value) !== index)),
]

const regionFaults = (
  organization: ProvisionedOrganization,
  where: string,
  regions: readonly RegionConfig[],
  installedRegionIds: readonly string[],
): string[] =>
  organization.projects.flatMap((found, index) => {
    const region = regions.find((candidate) => candidate.id === found.region)
    if (region === undefined || !installedRegionIds.includes(found.region)) {
      return [
        `${where}.projects[${index}].region: ${JSON.stringify(found.region)} is not in LETHE_REGIONS (${installedRegionIds.join(', ')})`,
      ]
    }
    if (found.cluster !== undefined && !region.clusters.includes(found.cluster)) {
      return [`${where}.projects[${index}].cluster: region ${region.id} has ${region.clusters.join(', ')}`]
    }
    return []
  })

const referenceFaults = (organization: ProvisionedOrganization, where: string): string[] => {
  const emails = new Set(organization.users.map(({ email }) => email.toLowerCase()))
  const projectIds = new Set(organization.projects.map((found) => found.id))
  const grantFaults = (
    label: string,
    list: ProvisionedOrganization['users'] | ProvisionedOrganization['service_accounts'],
  ) =>
    list.flatMap((holder, index) => [
      ...holder.projects
        .filter((found) => !projectIds.has(found.id))
        .map((found) => `${where}.${label}[${index}]: project ${found.id} is not in this organization`),
      ...repeated(holder.projects.map((found) => String(found.id))).map(
        (value) => `${where}.${label}[${index}]: project ${value} is listed twice`,
      ),
    ])
  return [
    ...grantFaults('users', organization.users),
    ...grantFaults('service_accounts', organization.service_accounts),
    ...organization.gdpr_tokens
      .map((found, index) => ({ found, index }))
      .filter(({ found }) => !emails.has(found.user.toLowerCase()))
      .map(
        ({ found, index }) =>
          `${where}.gdpr_tokens[${index}].user: ${JSON.stringify(found.user)} is no user of this organization`,
      ),
    ...(organization.users.length > 0 && !organization.users.some((found) => found.role === 'owner')
      ? [`${where}.users: an organization needs at least one owner`]
      : []),
  ]
}
