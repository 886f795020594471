import { bearer, type Lethe } from '../support/lethe.ts'
import { owner } from '../support/provision.ts'
import { type Random, seeded } from '../support/random-expressions.ts'
import { waitFor } from '../support/wait-for.ts'
import { compare, type Difference } from './compare.ts'
import { allProfiles, cohortsList, engage } from './engage-questions.ts'
import {
  eventNamesQuestion,
  eventProperties,
  events,
  propertyValues,
  segmentation,
  topEvents,
  topProperties,
} from './event-questions.ts'
import { funnel } from './funnel-questions.ts'
import { insightsReport } from './insights-questions.ts'
import { customSegmentation, sessionSegmentation } from './made-questions.ts'
import { createModel, type Model } from './model.ts'
import { numeric, totals } from './number-questions.ts'
import { clientOf, type OracleProject, projectOf, savingTo, sinkOf, startOracleServer } from './oracle-server.ts'
import type { Question, World } from './question.ts'
import { fillProject, type Sink } from './random-project.ts'
import { rawExport, stream, wholeExport } from './raw-questions.ts'
import { addiction, retention } from './returning-questions.ts'
import { saveThings } from './saved-things.ts'
import { script } from './script-questions.ts'

type Kind = (world: World) => Question

const kinds: readonly Kind[] = [
  ...[segmentation, segmentation, segmentation, totals, numeric, events, topEvents, eventNamesQuestion],
  ...[eventProperties, topProperties, propertyValues, engage, engage, stream, rawExport],
  ...[retention, retention, addiction, sessionSegmentation, customSegmentation],
  ...[funnel, funnel, insightsReport, insightsReport, script],
]

// Zones whose clocks change at odd times, by odd steps, or never.
const zones = [
  ...['Europe/Berlin', 'America/St_Johns', 'Asia/Beirut', 'Australia/Lord_Howe', 'UTC', 'Asia/Kolkata'],
  ...['America/Havana', 'Pacific/Auckland', 'America/Los_Angeles', 'Asia/Kathmandu'],
]

export interface RoundResult {
  readonly askedCount: number
  readonly skippedCount: number
  readonly differences: readonly Difference[]
}

interface Filled {
  readonly project: OracleProject
  readonly model: Model
  readonly saved: World['saved']
  readonly random: Random
}

/** What is sent goes to the server first: what it refuses is in no model. */
const sinkOfBoth = (lethe: Lethe, project: OracleProject, model: Model): Sink => {
  const sink = sinkOf(lethe, project)
  return {
    events: async (sent, by) => {
      await sink.events(sent, by)
      model.takeEvents(sent, by)
    },
    profiles: async (updates) => {
      await sink.profiles(updates)
      for (const { id, texts } of updates) model.setProfile(id, texts)
    },
  }
}

const fill = async (lethe: Lethe, project: OracleProject, seed: number): Promise<Filled> => {
  const random = seeded(seed * 1_000 + project.id)
  const model = createModel(project)
  const nowMs = Date.now()
  await fillProject(random, model, nowMs, sinkOfBoth(lethe, project, model), 5)
  const saved = await saveThings(random, model, nowMs, savingTo(lethe, project))
  return { project, model, saved, random }
}

const worldOf = ({ model, saved, random }: Filled): World => ({ model, saved, random, events: model.events() })

const concurrentMax = 4

/** Asks questions by chance, a few at a time. */
/** What was saved under the numbers that a question, or what it names, names. */
const definitionsIn = (world: World, text: string): string =>
  [...text.matchAll(/(?:custom_event:|custom_property:|workspace_id":|cohort_id":|\\"id\\":)(\d+)/g)]
    .map(([, id]) => world.saved.texts.get(Number(id)) ?? '')
    .map((definition, at) => `\n  name ${at + 1} of these is ${definition}${definitionsIn(world, definition)}`)
    .join('')

const always: readonly Kind[] = [wholeExport, allProfiles]

const ask = async (lethe: Lethe, filled: Filled, seed: number, asked: readonly Kind[]): Promise<RoundResult> => {
  const { project } = filled
  const world = worldOf(filled)
  // The order in which questions are asked is left to chance, and no part of what a seed makes.
  const client = clientOf(lethe, project, seeded(seed))
  // Made one after the other, so that a seed makes the same ones.
  const questions = [...always, ...asked].map((kind) => kind(world))
  const differences: Difference[] = []
  let skippedCount = 0
  const rest = [...questions.entries()]
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      const [at, question] = next
      const verdict = await compare(client, question)
      if (verdict.kind === 'skipped') skippedCount += 1
      if (verdict.kind !== 'differs') continue
      const where = `seed ${seed}, project ${project.id} (${project.mode}, ${project.timezone}), question ${at}`
      differences.push({
        ...verdict,
        question: `${where}: ${verdict.question}${definitionsIn(world, verdict.question)}`,
      })
    }
  }
  await Promise.all(Array.from({ length: concurrentMax }, worker))
  return { askedCount: questions.length, skippedCount, differences }
}

const sumOf = (results: readonly RoundResult[]): RoundResult => ({
  askedCount: results.reduce((sum, { askedCount }) => sum + askedCount, 0),
  skippedCount: results.reduce((sum, { skippedCount }) => sum + skippedCount, 0),
  differences: results.flatMap(({ differences }) => differences),
})

/** Starts to erase a few people. Answers how to wait: until they are hidden, and until they are gone. */
const startErasure = async (lethe: Lethe, { project, model, random }: Filled) => {
  const people = [...new Set(model.events().map(({ sentAs }) => sentAs))].filter((id) => id !== '')
  const ids = [random.pick(people), random.pick(people), 'never seen']
  const as = { headers: bearer(owner.gdprToken) }
  const path = '/api/app/data-deletions/v3.0'
  const created = await lethe.post(`${path}?token=${project.token}`, { ...as, body: { distinct_ids: ids } })
  if (created.status !== 201) throw new Error(`the deletion was not taken: ${created.status} ${created.text}`)
  const id: string = created.json().results[0].tracking_id
  const reached = (states: readonly string[]) =>
    waitFor(
      `an erasure that is ${states.join(' or ')}`,
      async () => {
        const { status } = (await lethe.get(`${path}/${id}?token=${project.token}`, as)).json().results
        if (status === 'FAILURE') throw new Error('the erasure failed')
        return states.includes(status)
      },
      60_000,
    )
  return {
    hidden: async () => {
      await reached(['STARTED', 'SUCCESS'])
      model.erase(ids)
    },
    gone: () => reached(['SUCCESS']),
  }
}

const times = (count: number, random: Random): readonly Kind[] =>
  Array.from({ length: count }, () => random.pick(kinds))

/** One project: questions, the erasure of a few people, more questions while it runs, and after they came back. */
const askProject = async (lethe: Lethe, filled: Filled, seed: number, count: number): Promise<RoundResult> => {
  const { random, model, project } = filled
  const before = await ask(lethe, filled, seed, [cohortsList, ...times(Math.floor(count / 2), random)])
  const erasure = await startErasure(lethe, filled)
  await erasure.hidden()
  const during = await ask(lethe, filled, seed, times(Math.ceil(count / 4), random))
  await fillProject(random, model, Date.now(), sinkOfBoth(lethe, project, model), 1)
  // While somebody who came back is being erased, pages of profiles may leave them out.
  await erasure.gone()
  const after = await ask(lethe, filled, seed, times(Math.ceil(count / 4), random))
  return sumOf([before, during, after])
}

/** A server with four projects of both regions and modes, and `count` questions to each. */
export const runRound = async (seed: number, count: number): Promise<RoundResult> => {
  const { pick } = seeded(seed)
  const modes = ['simplified', 'legacy', 'original', pick(['simplified', 'original'] as const)] as const
  const projects = [1, 2, 3, 4].map((number) =>
    projectOf(1_000 + number, {
      region: number % 2 === 0 ? 'EU' : 'US',
      mode: modes[number - 1] ?? 'simplified',
      timezone: pick(zones),
    }),
  )
  const lethe = await startOracleServer(projects)
  try {
    // All have their people before any is asked, and people of all have the same ids.
    const filled: Filled[] = []
    for (const project of projects) filled.push(await fill(lethe, project, seed))
    const results: RoundResult[] = []
    for (const one of filled) results.push(await askProject(lethe, one, seed, count))
    return sumOf(results)
  } finally {
    await lethe.stop()
  }
}

export const differenceText = ({ question, got, wanted }: Difference): string =>
  `${question}\n  got    ${got}\n  wanted ${wanted}`
