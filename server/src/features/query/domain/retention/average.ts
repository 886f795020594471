/** One interval of one cohort: of `first` people `count` came back; incomplete while its end lies in the future. */
export interface CohortInterval {
  readonly first: number
  readonly count: number
  readonly isComplete: boolean
}

export interface RetentionAverage {
  /** People who came back, of a cohort of the average size. */
  readonly count: number
  /** The average size of a cohort. */
  readonly first: number
  readonly rate: number
}

/**
 * Average of one interval over cohorts, weighted by their sizes (query §8): Wᵢ = Pᵢ/ΣP, Σ(Cᵢ·Wᵢ) and Σ(Pᵢ·Wᵢ).
 * Null: no cohort of anybody has completed it.
 */
export const averageRetention = (cohorts: readonly CohortInterval[]): RetentionAverage | null => {
  const complete = cohorts.filter(({ isComplete, first }) => isComplete && first > 0)
  const people = complete.reduce((sum, { first }) => sum + first, 0)
  if (people === 0) return null
  const weighted = (of: (cohort: CohortInterval) => number): number =>
    complete.reduce((sum, cohort) => sum + (of(cohort) * cohort.first) / people, 0)
  const [count, first] = [weighted((cohort) => cohort.count), weighted((cohort) => cohort.first)]
  return { count, first, rate: count / first }
}
