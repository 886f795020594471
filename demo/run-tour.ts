import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StepFailed } from './hold.ts'
import { newInstallation, provisionOf } from './installation.ts'
import type { PageServer } from './page-server.ts'
import { makeCrowd, makeSubject } from './people.ts'
import { type Print, seconds } from './print.ts'
import { privacyClient } from './privacy-client.ts'
import { type ServerProcess, startServer } from './server-process.ts'
import { askQuestions } from './steps/ask-questions.ts'
import { checkReceipt } from './steps/check-receipt.ts'
import { erasePerson } from './steps/erase-person.ts'
import { lookAfter } from './steps/look-after.ts'
import { lookBefore } from './steps/look-before.ts'
import { openPage } from './steps/open-page.ts'
import { retrievePerson } from './steps/retrieve-person.ts'
import { sendEvents } from './steps/send-events.ts'
import { showPages } from './steps/show-pages.ts'
import { wrongRegion } from './steps/wrong-region.ts'
import type { Cast, Tour } from './tour.ts'

export interface TourOptions {
  readonly print: Print
  /** Where temporary folders go. */
  readonly parentFolder: string
  readonly inherited: Readonly<Record<string, string>>
  /** Called with each thing that has to be undone at the end, the moment it exists. The last comes off first. */
  readonly onOpened: (what: { readonly folder: string } | { readonly stop: () => Promise<void> }) => void
}

const seed = 20_260
// 25,000 events per region; the one who will be erased is part of the 25,000 of the EU.
const crowdSize = { peopleCount: 400, historyCount: 24_250, recentCount: 750 }
const settings = {
  // Long enough to cancel a request, short enough to watch one.
  LETHE_GDPR_GRACE_SECONDS: '2',
  LETHE_GDPR_RATE_PER_SECOND: '1000000',
  // Without these lists, Mixpanel's own host names mean the regions as well, and refusals name those.
  LETHE_US_HOSTS: 'us.lethe.localhost',
  LETHE_EU_HOSTS: 'eu.lethe.localhost',
  // The demo polls often, to see states pass.
  LETHE_GDPR_STATUS_RATE_PER_SECOND: '1000000',
  LETHE_EXPORT_PER_SECOND: '1000000',
  LETHE_EXPORT_PER_HOUR: '1000000',
}

/** All steps in order, on a server of its own in a folder of its own. Throws StepFailed at the first that does not hold. */
export const runTour = async (options: TourOptions): Promise<{ readonly tour: Tour; readonly page: PageServer }> => {
  const tour = await begin(options)
  try {
    const page = await takeSteps(tour, options)
    options.print.endSteps()
    return { tour, page }
  } catch (error) {
    if (error instanceof StepFailed) throw error
    throw new Error(`a step could not be taken; the server printed:\n${tour.server.logs()}`, { cause: error })
  }
}

const takeSteps = async (tour: Tour, { onOpened }: TourOptions): Promise<PageServer> => {
  await sendEvents(tour)
  const stray = await wrongRegion(tour)
  const sales = await askQuestions(tour)
  const before = await lookBefore(tour, stray)
  const archiveLink = await retrievePerson(tour)
  const erasure = await erasePerson(tour, archiveLink)
  await lookAfter(tour, { ...before, sales })
  await checkReceipt(tour, erasure)
  await showPages(tour)
  return openPage(tour, ({ close }) => onOpened({ stop: close }))
}

const begin = async (options: TourOptions): Promise<Tour> => {
  const { print } = options
  const nowMs = Date.now()
  const installation = newInstallation()
  print.step('Start a server with embedded engines and two regions')
  const folder = await mkdtemp(join(options.parentFolder, 'lethe-demo-'))
  options.onOpened({ folder })
  // The embedded Postgres runs as a user of its own when this runs as root, and has to get in.
  await chmod(folder, 0o711)
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { mode: 0o711 })
  const provisionFile = join(folder, 'provision.json')
  await writeFile(provisionFile, JSON.stringify(provisionOf(installation), null, 2), { mode: 0o600 })
  print.asked(`LETHE_DATA_DIR=${dataDir} LETHE_PROVISION=${provisionFile} node server/src/main.ts`)
  const server = await startServer({
    dataDir,
    settings: { ...settings, LETHE_PROVISION: provisionFile },
    inherited: options.inherited,
    onStarted: (stop) => options.onOpened({ stop }),
  })
  print.got(`lethe ready on ${server.url}`)
  print.note(
    `with LETHE_GDPR_GRACE_SECONDS=${settings.LETHE_GDPR_GRACE_SECONDS}: a deletion waits that long for a change of mind, not a day`,
  )
  print.ok(`two ClickHouse engines and a Postgres, new and migrated, after ${seconds(server.startMs)}`)
  return tourOf(print, server, installation, castOf(nowMs), nowMs)
}

const castOf = (nowMs: number): Cast => {
  const subject = makeSubject(seed, nowMs)
  const own = { history: subject.events.length, recent: subject.recentEvents.length }
  return {
    subject,
    us: makeCrowd({ seed: seed + 1, region: 'US', nowMs, ...crowdSize }),
    eu: makeCrowd({
      seed: seed + 2,
      region: 'EU',
      nowMs,
      peopleCount: crowdSize.peopleCount,
      historyCount: crowdSize.historyCount - own.history,
      recentCount: crowdSize.recentCount - own.recent,
    }),
  }
}

const tourOf = (
  print: Print,
  server: ServerProcess,
  installation: Tour['installation'],
  cast: Cast,
  nowMs: number,
): Tour => ({
  print,
  server,
  installation,
  cast,
  nowMs,
  privacy: privacyClient(server.hostOf('EU'), installation.eu.token, installation.gdprToken),
})
