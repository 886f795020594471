import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../kernel/json.ts'
import type { Project } from '../../../kernel/project.ts'
import { joiningEvents, resolveAsSent, resolveSimplified } from '../../identity/index.ts'
import { acceptEvent, lenientImportSteps, strictImportSteps, trackSteps } from './accept-event.ts'
import type { Step, StepContext } from './event-draft.ts'

type Mode = Project['identityMode']
const contextOf = (mode: Mode): StepContext => ({
  projectId: 1,
  nowMs: Date.UTC(2026, 5, 1),
  serverPropertiesText: '"$mp_api_endpoint":"\\"h\\""',
  resolveIds: mode === 'simplified' ? resolveSimplified : resolveAsSent,
  joiningEvents: joiningEvents[mode],
  anonymousId: null,
  newInsertId: () => 'i',
  placeOf: null,
  hotness: null,
})
const run = (steps: readonly Step[], mode: Mode, event: string, properties: Record<string, JsonValue>) =>
  acceptEvent(steps, { event, properties: { token: 't', ...properties } }, contextOf(mode))
const accepted = (...args: Parameters<typeof run>) => {
  const outcome = run(...args)
  if (outcome.kind !== 'accept') throw new Error(JSON.stringify(outcome))
  const { join, distinctId, row } = outcome.value
  return {
    distinctId,
    join: join === null ? null : [join.kind, join.from, join.to],
    row: JSON.parse(row) as { distinct_id: string; properties: Record<string, string> },
    failedRow: join === null ? null : JSON.parse(join.failedRow({ reason: 'same_id', description: 'An "id".' })),
  }
}

const identify = { $identified_id: 'U', $anon_id: 'A' }
const alias = { distinct_id: 'U', alias: 'A' }
const merge = { $distinct_ids: ['U', 'V'] }

describe('the joins that events ask for', () => {
  it.each([
    ['$identify', identify, ['identify', 'A', 'U'], 'U'],
    ['$identify', { ...identify, distinct_id: 'X' }, ['identify', 'A', 'U'], 'X'],
    ['$identify', { distinct_id: 'U', $anon_distinct_id: '$device:A' }, ['identify', '$device:A', 'U'], 'U'],
    ['$identify', { $identified_id: 7, $anon_id: 8 }, ['identify', '8', '7'], '7'],
    ['$identify', { distinct_id: 'U' }, null, 'U'],
    ['$identify', { $anon_id: 'A' }, null, ''],
    ['$create_alias', alias, ['alias', 'A', 'U'], 'U'],
    ['$create_alias', { alias: 'A' }, null, ''],
    ['$create_alias', { distinct_id: '', alias: 'A' }, null, ''],
    ['$merge', merge, ['merge', 'V', 'U'], 'U'],
    ['$merge', { $distinct_ids: ['U'] }, null, ''],
    ['$merge', { $distinct_ids: ['U', 'V', 'W'] }, null, ''],
    ['$merge', { $distinct_ids: ['', 'V'] }, null, ''],
    ['Viewed', { ...identify, ...alias, ...merge }, null, 'U'],
  ] as const)('original: %s %j', (event, properties, join, distinctId) => {
    for (const steps of [strictImportSteps, lenientImportSteps]) {
      const more = event === 'Viewed' ? { time: 1_700_000_000, $insert_id: 'i' } : {}
      const found = accepted(steps, 'original', event, { ...properties, ...more } as Record<string, JsonValue>)
      expect(found).toMatchObject({ join, distinctId, row: { distinct_id: distinctId } })
    }
  })

  it('$merge by /track is dropped and counted in original mode, and a plain event elsewhere', () => {
    expect(run(trackSteps, 'original', '$merge', merge)).toEqual({ kind: 'drop', reason: 'merge-on-track' })
    expect(accepted(trackSteps, 'legacy', '$merge', merge).join).toBeNull()
    expect(accepted(trackSteps, 'simplified', '$merge', merge).join).toBeNull()
  })

  it('legacy has aliases only, simplified none of them', () => {
    expect(accepted(trackSteps, 'legacy', '$create_alias', alias).join).toEqual(['alias', 'A', 'U'])
    expect(accepted(trackSteps, 'legacy', '$identify', identify).join).toBeNull()
    expect(accepted(trackSteps, 'simplified', '$create_alias', alias).join).toBeNull()
    expect(accepted(trackSteps, 'simplified', '$identify', identify).join).toBeNull()
  })

  it('a refused one is said in the row, and only there', () => {
    const sent = { ...alias, $failure_reason: 'mine', plan: 'free' }
    const { row, failedRow } = accepted(trackSteps, 'original', '$create_alias', sent)
    expect(row.properties).toMatchObject({ plan: '"free"', alias: '"A"' })
    expect(row.properties).not.toHaveProperty('$failure_reason')
    const more = { $failure_reason: '"same_id"', $failure_description: JSON.stringify('An "id".') }
    expect(failedRow).toEqual({ ...row, properties: { ...row.properties, ...more } })
  })
})
