import { expect, it } from 'vitest'
import { differenceText, runRound } from './rounds.ts'

// The same in long, and by a seed of the moment: npm run test:oracle -- --plans 5000

const seed = Number(process.env['ORACLE_SEED'] ?? 1)

it(`answers random questions as plain loops do (seed ${seed})`, async () => {
  const { askedCount, skippedCount, differences } = await runRound(seed, 50)
  expect(differences.map(differenceText).slice(0, 3), `${differences.length} of ${askedCount}, seed ${seed}`).toEqual(
    [],
  )
  expect(askedCount - skippedCount).toBeGreaterThanOrEqual(200)
}, 300_000)
