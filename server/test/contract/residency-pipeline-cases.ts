import type { Asked, Sent } from './residency-cases.ts'

/** How the routes of pipelines are asked (pipelines §1), by an admin of the project. Nothing here connects to anywhere. */
export const pipelineCases = (
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, (asked: Asked) => Sent>> => {
  const base = '/api/2.0/nessie/pipeline'
  const query =
    (name: string) =>
    ({ home, canary }: Asked): Sent => ({
      path: `${base}/${name}?${new URLSearchParams({ project_id: String(home.id), name: canary })}`,
      headers,
    })
  const form =
    (name: string) =>
    ({ home, canary }: Asked): Sent => ({
      path: `${base}/${name}`,
      headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ project_id: String(home.id), name: canary, type: canary }).toString(),
    })
  const posts = ['create', 'edit', 'cancel', 'pause', 'resume', 'status', 'timeline']
  return {
    ...Object.fromEntries(['jobs', 'status', 'timeline'].map((name) => [`GET ${base}/${name}`, query(name)])),
    ...Object.fromEntries(posts.map((name) => [`POST ${base}/${name}`, form(name)])),
  }
}
