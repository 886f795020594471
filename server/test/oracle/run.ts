// Random questions about random projects, compared with plain loops: npm run test:oracle -- --plans 5000 --seed 1
import { parseArgs } from 'node:util'
import { differenceText, runRound } from './rounds.ts'

const { values } = parseArgs({
  options: {
    plans: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const planCount = Number(values.plans)
// Of four projects.
const perProject = Math.min(100, Math.ceil(planCount / 4))

let askedCount = 0
let skippedCount = 0
let differenceCount = 0
for (let seed = Number(values.seed); askedCount < planCount; seed += 1) {
  const result = await runRound(seed, perProject)
  askedCount += result.askedCount
  skippedCount += result.skippedCount
  differenceCount += result.differences.length
  for (const difference of result.differences) console.log(differenceText(difference))
  console.log(`seed ${seed}: ${askedCount} questions, ${skippedCount} not comparable, ${differenceCount} differences`)
}
process.exitCode = differenceCount === 0 ? 0 : 1
