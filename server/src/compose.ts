import { composeAccounts } from './compose-accounts.ts'
import { composeConnectors } from './compose-connectors.ts'
import { composeDataLifecycle } from './compose-data-lifecycle.ts'
import { composeDuplicates } from './compose-duplicates.ts'
import { composeIngestion } from './compose-ingestion.ts'
import { composePeople } from './compose-people.ts'
import { composePipelines } from './compose-pipelines.ts'
import { composePrivacy } from './compose-privacy.ts'
import { composeQuery } from './compose-query.ts'
import { composeReports } from './compose-reports.ts'
import { composeSignIn, openMailer } from './compose-sign-in.ts'
import { composeSso } from './compose-sso.ts'
import { openStores, type Stores } from './compose-stores.ts'
import { systemRoutes } from './compose-system-routes.ts'
import { composeWeb } from './compose-web.ts'
import { applyProvision } from './config/apply-provision.ts'
import { type Config, ConfigFault } from './config/config.ts'
import { readProvision } from './config/provision.ts'
import { urlHost } from './config/regions.ts'
import { secretKeyOf } from './config/secret-key.ts'
import { createAccess, oneYearAfter, parseCredentials } from './features/access/index.ts'
import { openSetup } from './features/accounts/index.ts'
import { appendAudit, createAudit } from './features/audit/index.ts'
import { createClassification } from './features/classification/index.ts'
import { createDataRules, faultsOfRules, provisionRules } from './features/data-rules/index.ts'
import { createExport } from './features/export/index.ts'
import { createGroups } from './features/groups/index.ts'
import { hasPeople } from './features/identity/index.ts'
import { createLexicon } from './features/lexicon/index.ts'
import { createLookupTables } from './features/lookup-tables/index.ts'
import { suppressionRoutes } from './features/privacy/index.ts'
import { compileRowFilter, customFacts, dayNumberOf, dayOfNumber, rangeOfDays, wallMs } from './features/query/index.ts'
import { createResidency } from './features/residency/index.ts'
import { createSdk } from './features/sdk/index.ts'
import { mustHaveSecondFactor } from './features/sign-in/index.ts'
import { scimOrganizationOf } from './features/sso/index.ts'
import type { Route } from './http/route.ts'
import { createHttpServer } from './http/server.ts'
import { createLocate } from './http/steps/locate.ts'
import { createPlace } from './http/steps/place.ts'
import { assert } from './kernel/errors.ts'
import type { FindPlace } from './kernel/geo-place.ts'
import { hmacSha256Hex } from './kernel/hash.ts'
import { dayMs } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import { systemClock } from './platform/clock.ts'
import { openGeoDatabase } from './platform/geo/maxmind-geo-database.ts'
import { errorFields, type Log } from './platform/log.ts'
import { createMetrics } from './platform/metrics.ts'
import { openOutbound } from './platform/outbound-address.ts'

export interface RunningServer {
  /** Where it listens; null without the http role. */
  readonly url: string | null
  /** While nobody can log in: a one-time link for the first owner, for whoever started the server. */
  readonly setupLink: string | null
  /** No new requests, commits drained, workers and engines stopped. Safe to call twice. */
  stop(): Promise<void>
}

// Requests that are being answered get this long; then their connections are cut.
const requestGraceMs = 10_000

/** Builds and starts everything (the one place that knows all). Throws when a store cannot be opened or the file is refused. */
export const compose = async (config: Config, log: Log): Promise<RunningServer> => {
  const provision =
    config.provisionFile === null
      ? null
      : readProvision(config.provisionFile, config.regions, config.installedRegionIds)
  const findPlace = await openGeo(config.geoDatabaseFile)
  const stores = await openStores(config)
  try {
    if (provision !== null) {
      const hasData = async (projectId: number, regionId: string): Promise<boolean | null> => {
        const served = stores.regions.find(({ region }) => region.id === regionId)
        return served === undefined ? null : hasPeople(served.db, projectId)
      }
      const deps = { control: stores.control, clock: systemClock, regions: config.regions, appendAudit, hasData }
      const done = await applyProvision(
        {
          ...deps,
          groupKeysMax: config.groupKeysMax,
          dataRules: { faultsOf: faultsOfRules, apply: provisionRules(appendAudit) },
          tokenExpiresAtMs: oneYearAfter,
        },
        provision,
      )
      log.info('provisioning file applied', { count: done.createdCount + done.changedCount })
    }
    return await startServer(config, log, stores, findPlace)
  } catch (error) {
    await stores.close()
    throw error
  }
}

/** Before anything else is started: who names a file wants it used. */
const openGeo = async (file: string | null): Promise<FindPlace | null> => {
  if (file === null) return null
  try {
    return await openGeoDatabase(file)
  } catch (error) {
    throw new ConfigFault([`LETHE_GEO_DATABASE: ${file} cannot be read as a MaxMind DB; ${(error as Error).message}`])
  }
}

const startServer = async (
  config: Config,
  log: Log,
  stores: Stores,
  findPlace: FindPlace | null,
): Promise<RunningServer> => {
  const clock = systemClock
  const { control } = stores
  const metrics = createMetrics()
  const secret = secretKeyOf(config.secretKeyHex, config.dataDir)
  const regionDbs = new Map<string, RegionDb>(stores.regions.map(({ region, db }) => [region.id, db]))
  const regionDb = (regionId: string): RegionDb => {
    const db = regionDbs.get(regionId)
    assert(db !== undefined, 'a request reached a region that is not served here')
    return db
  }
  let isStopping = false

  const ownOrigins = new Set(config.regions.map(({ publicUrl }) => new URL(publicUrl).origin))
  const mailer = await openMailer(config)
  const access = await createAccess({
    control,
    clock,
    appendAudit,
    ownOrigins,
    secureCookies: !config.allowHttp,
    sessionIdleMs: config.sessionIdleMinutes * 60_000,
    scimOrganizationOf,
    mustHaveSecondFactor,
  })
  const audit = createAudit({
    control,
    clock,
    retentionDays: config.auditRetentionDays,
    mayReadOrganizationAudit: access.mayReadOrganizationAudit,
    onProblem: (error) => log.warn('old entries of the audit log could not be removed', errorFields(error)),
  })
  const signIn = await composeSignIn({ config, control, clock, secret, log, access, mailer, ownOrigins })
  const sso = composeSso({ config, control, clock, secret, log, access, confirmPassword: signIn.confirmPassword })
  const { regions, servedRegionIds } = config
  const locate = createLocate({ regions, servedRegionIds, projects: access.projects, mayUse: access.mayUse })
  const place = createPlace({ regions, servedRegionIds, strictHosts: config.strictHosts })
  const shared = { config, stores, regionDb, clock, secret, log }
  const privacy = composePrivacy({ ...shared, audit: audit.log, mayUse: access.mayUse })
  const classification = createClassification({ control, appendAudit })
  const dataLifecycle = composeDataLifecycle({ ...shared, appendAudit })
  const { copyRetention } = dataLifecycle
  const { organizationRoleOf } = access
  const { linkOrigin } = signIn
  const accounts = composeAccounts({ ...shared, appendAudit, organizationRoleOf, copyRetention, mailer, linkOrigin })
  const { classifiedFor, allClassified } = classification
  const lexicon = createLexicon({
    ...{ control, appendAudit, clock, regionDb, classifiedFor, allClassified },
    limits: config.lexicon,
    mayUse: access.mayUse,
  })
  // A key of its own: hashes of property values must not be comparable with those of the control store.
  const hashKey = hmacSha256Hex(secret, 'data rules')
  const dataRules = createDataRules({ control, appendAudit, hashKey, findBlocked: lexicon.findBlocked })
  const ingestion = composeIngestion({ ...shared, locate, metrics, findPlace, dataRules })
  const duplicates = composeDuplicates(shared)
  const reports = composeReports(shared)
  const { mayUse } = access
  const query = composeQuery({
    ...shared,
    mayUse,
    classifiedFor,
    namesFor: lexicon.namesFor,
    duplicates,
    metrics,
    saved: reports.saved,
  })
  const people = composePeople({
    ...shared,
    audit: audit.log,
    query,
    saved: reports.saved,
    ingestion,
    rules: dataRules,
  })
  const outbound = openOutbound(config.outboundAllow)
  const pipelines = composePipelines({
    ...{ ...shared, appendAudit, outbound, locate, projects: access.projects, allClassified },
    saved: reports.saved,
  })
  const lookupTables = createLookupTables({
    control,
    appendAudit,
    regionDb,
    onProblem: (regionId, error) => {
      log.warn('rows of replaced lookup tables are still there', { regionId, ...errorFields(error) })
    },
  })

  const { projects } = access
  const connectors = composeConnectors({
    ...shared,
    ...{ appendAudit, outbound, locate, projects, ingestion, lookupTables, dataLifecycle },
  })

  const routes: readonly Route[] = [
    ...ingestion.routes,
    ...connectors.routes,
    ...lookupTables.routes,
    ...createSdk({
      locate,
      projects: access.projects,
      basicUserOf,
      projectIdOfSecret: access.projectIdOfSecret,
      onRecording: () => metrics.recordCount.inc({ surface: 'record', outcome: 'drop', reason: 'recording' }),
    }).routes,
    ...pipelines.routes,
    ...dataRules.routes,
    ...lexicon.routes,
    ...dataLifecycle.routes,
    ...classification.routes,
    ...createGroups({ control, appendAudit, keyCountMax: config.groupKeysMax }).routes,
    ...createExport({
      regionDb,
      audit: audit.log,
      clock,
      rowFilter: async (scope, project, where, classified) => {
        const custom = await customFacts(reports.saved, scope)
        return compileRowFilter(scope, project, where, clock.nowMs(), { classified, custom })
      },
      classifiedFor: classification.classifiedFor,
      dayOf: (zone, ms) => dayOfNumber(Math.floor(wallMs(zone, ms) / dayMs)),
      rangeOfDays: (zone, fromDay, toDay) =>
        rangeOfDays(zone, { fromDay: dayNumberOf(fromDay), toDay: dayNumberOf(toDay) }),
      limits: config.export,
    }).routes,
    ...reports.routes,
    ...query.routes,
    ...people.routes,
    ...privacy.routes,
    ...suppressionRoutes(control),
    ...access.routes,
    ...signIn.routes,
    ...audit.routes,
    ...accounts.routes,
    ...sso.routes,
    ...createResidency({ regions, servedRegionIds }).routes,
    ...composeWeb(config).routes,
    ...systemRoutes({
      stores: reachable(stores),
      isStopping: () => isStopping,
      metricsText: metrics.text,
      openMetrics: config.openMetrics,
    }),
  ]
  const surfaces = new Map(routes.map(({ path, surface }) => [path, surface]))
  const http = createHttpServer({
    routes,
    place,
    locate,
    clock,
    authenticator: access.authenticator,
    onAnswered: ({ regionId, ...line }) => {
      const surface = surfaces.get(line.route) ?? 'system'
      metrics.requestCount.inc({ surface, status: String(line.status) })
      metrics.requestSeconds.observe({ surface }, line.durationMs / 1_000)
      log.debug('answered', { ...line, surface, ...(regionId === null ? {} : { regionId }) })
    },
    onFault: (requestId, error) =>
      log.error('a request failed', { requestId, ...errorFields(error.cause ?? error), code: error.code }),
    trustedProxies: config.trustedProxies,
    requireHttps: !config.allowHttp,
    tls: config.tls,
  })

  // No read may go by older rules than those that are set.
  await dataLifecycle.copyRetention()
  const workers = config.roles.has('jobs')
    ? [
        await privacy.startWorkers(),
        await dataLifecycle.startWorkers(),
        await pipelines.startWorkers(),
        duplicates.startWorkers(),
        sso.startWorkers(),
        accounts.startWorkers(),
        audit.startWorkers(),
        await connectors.startWorkers(),
      ]
    : []
  const stopWorkers = () => Promise.all(workers.map((stopOne) => stopOne()))
  if (config.roles.has('jobs'))
    await Promise.all(
      stores.regions.flatMap(({ region }) => [lookupTables, reports].map((swept) => swept.sweep(region.id))),
    )
  const stop = async (): Promise<void> => {
    if (isStopping) return
    isStopping = true
    const cut = setTimeout(() => http.server.closeAllConnections(), requestGraceMs)
    await http.close()
    clearTimeout(cut)
    await ingestion.drain()
    await signIn.drain()
    mailer.close()
    await stopWorkers()
    outbound.close()
    await stores.close()
  }
  if (!config.roles.has('http')) return { url: null, setupLink: null, stop }
  try {
    await http.listen({ host: config.host, port: config.port })
  } catch (error) {
    await stopWorkers()
    throw error
  }
  const url = `${config.tls === null ? 'http' : 'https'}://${urlHost(config.host)}:${config.port}`
  const setupCode = await openSetup(control)
  // Where its page is: at a web host, which the address to listen on need not be.
  const web = config.regions.find(({ id }) => config.servedRegionIds.has(id))?.publicUrl ?? url
  return { url, setupLink: setupCode === null ? null : `${web}/setup?code=${setupCode}`, stop }
}

const basicUserOf = (authorization: string | undefined): string | null => {
  const credentials = parseCredentials(authorization, undefined)
  return credentials.kind === 'basic' ? credentials.username : null
}

const reachable = (stores: Stores) => [
  { name: 'control', ping: () => stores.control.ping() },
  ...stores.regions.flatMap(({ region, db, objects }) => [
    { name: `${region.id} engine`, ping: () => db.ping(2_000) },
    { name: `${region.id} objects`, ping: () => objects.ping() },
  ]),
]
