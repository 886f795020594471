import type { Asked, Sent } from './residency-cases.ts'

// How each endpoint of the Query API is asked about a project: by both path families, GET and POST.

const day = () => new Date().toISOString().slice(0, 10)
const days = () => `from_date=${day()}&to_date=${day()}`
const eventOf = (canary: string) => `event=event%20${canary}`

/** Endpoint → its parameters, as a form. */
const parameters: Readonly<Record<string, (canary: string) => string>> = {
  segmentation: (canary) => `${eventOf(canary)}&${days()}`,
  'segmentation/numeric': (canary) => `${eventOf(canary)}&${days()}&on=n`,
  'segmentation/sum': (canary) => `${eventOf(canary)}&${days()}&on=n`,
  'segmentation/average': (canary) => `${eventOf(canary)}&${days()}&on=n`,
  events: (canary) => `${eventOf(canary)}&${days()}&type=general&unit=day`,
  'events/top': (canary) => `type=general&note=${canary}`,
  'events/names': (canary) => `type=general&note=${canary}`,
  'events/properties': (canary) => `${eventOf(canary)}&${days()}&name=note&type=general&unit=day`,
  'events/properties/top': (canary) => eventOf(canary),
  jql: (canary) => `script=${encodeURIComponent(`function main() { return People().map(() => '${canary}') }`)}`,
  'events/properties/values': (canary) => `${eventOf(canary)}&name=note`,
  insights: (canary) => `bookmark_id=1&note=${canary}`,
  funnels: (canary) => `funnel_id=1&note=${canary}&${days()}`,
  retention: (canary) => `born_${eventOf(canary)}&${days()}`,
  'retention/addiction': (canary) => `${eventOf(canary)}&${days()}&unit=day&addiction_unit=hour`,
  'funnels/list': (canary) => `note=${canary}`,
  'cohorts/list': (canary) => `note=${canary}`,
  engage: (canary) => `search=${canary}`,
  'engage/stats': (canary) => `action=count()&search=${canary}`,
  'engage/properties': (canary) => `search=${canary}`,
  'stream/query': (canary) => `${days()}&distinct_ids=${encodeURIComponent(JSON.stringify([`id ${canary}`]))}`,
}

/** `headers`: of an account that may ask. */
export const queryCases = (
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, (asked: Asked) => Sent>> =>
  Object.fromEntries(
    Object.entries(parameters).flatMap(([name, formOf]) =>
      ['/api/query', '/api/2.0'].flatMap((family) => {
        const path = `${family}/${name}`
        const inQuery = ({ home, canary }: Asked) => ({
          path: `${path}?project_id=${home.id}&${formOf(canary)}`,
          headers,
        })
        const inBody = ({ home, canary }: Asked) => ({
          path,
          headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
          body: `project_id=${home.id}&${formOf(canary)}`,
        })
        return [
          [`GET ${path}`, inQuery],
          [`POST ${path}`, inBody],
        ] as const
      }),
    ),
  )
