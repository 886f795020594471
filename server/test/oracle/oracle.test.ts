import { expect, it } from 'vitest'
import { differenceText, runRound } from './rounds.ts'

// The same in long: npm run test:oracle -- --plans 5000 --seed 1

const seed = Number(process.env['ORACLE_SEED'] ?? Math.floor(Date.now() / 1_000) % 100_000)

it(`answers random questions as plain loops do (seed ${seed})`, async () => {
  const { askedCount, skippedCount, differences } = await runRound(seed, 50)
  expect(differences.map(differenceText).slice(0, 3), `${differences.length} of ${askedCount}, seed ${seed}`).toEqual(
    [],
  )
  expect(askedCount - skippedCount).toBeGreaterThanOrEqual(200)
}, 300_000)
