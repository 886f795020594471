import { filtersIn, listIn, type PropertyFilter } from '../../filters/property-filter.ts'

/** What the page shows, as its link says it. */
export interface PeopleSearch {
  readonly q?: string
  readonly filter?: readonly PropertyFilter[]
  readonly cohort?: string
  readonly columns?: readonly string[]
  /** `everybody`: also who has no profile. */
  readonly of?: 'everybody'
  /** A property; `-` before it: the greatest first. */
  readonly sort?: string
}

const textOf = (sent: unknown): string => (typeof sent === 'string' || typeof sent === 'number' ? String(sent) : '')

export const peopleSearch = (sent: Readonly<Record<string, unknown>>): PeopleSearch => {
  const filter = filtersIn(sent['filter'])
  const columns = listIn(sent['columns'])
  const [q, cohort, sort] = [textOf(sent['q']), textOf(sent['cohort']), textOf(sent['sort'])]
  return {
    ...(q === '' ? {} : { q }),
    ...(filter.length === 0 ? {} : { filter }),
    ...(/^\d+$/.test(cohort) ? { cohort } : {}),
    ...(columns.length === 0 ? {} : { columns }),
    ...(sent['of'] === 'everybody' ? { of: 'everybody' as const } : {}),
    ...(sort === '' ? {} : { sort }),
  }
}
