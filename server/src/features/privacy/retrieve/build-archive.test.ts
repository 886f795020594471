import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { EngineUnavailable } from '../../../kernel/errors.ts'
import { projectScope } from '../../../kernel/scope.ts'
import type { PrivacyTask } from '../domain/task.ts'
import { type ArchiveInput, buildArchive } from './build-archive.ts'

// biome-ignore lint/correctness/useYield: it fails before the first
const failing = async function* (): AsyncGenerator<Buffer> {
  throw new EngineUnavailable('the region engine is restarting')
}

const input = (disclosureType: PrivacyTask['disclosureType']): ArchiveInput => ({
  task: { trackingId: 't', projectId: 1, region: 'US', disclosureType, complianceType: 'gdpr' } as PrivacyTask,
  scope: projectScope(1, 'US'),
  list: { distinct_ids: ['a'], requested_at_ms: 0 },
  sinceMs: null,
  onRead: async () => undefined,
  people: { events: failing, profiles: failing, cohorts: failing, daysOfHistory: async () => 0 },
  nowMs: () => 0,
  signal: new AbortController().signal,
})

describe('building an archive', () => {
  it.each(['DATA', 'CATEGORIES', 'SOURCES'] as const)(
    'of %s fails for who reads it when the engine fails before anybody reads',
    async (disclosureType) => {
      const uncaught: unknown[] = []
      const note = (error: unknown) => uncaught.push(error)
      process.on('uncaughtException', note)
      try {
        const { body } = buildArchive(input(disclosureType))
        // As long as it may take to make the file that it goes into.
        await delay(20)
        await expect(body.toArray()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
        expect(uncaught).toEqual([])
      } finally {
        process.off('uncaughtException', note)
      }
    },
  )
})
