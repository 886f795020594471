import { jsonReply, type Route } from '../../http/route.ts'
import type { Region } from '../../kernel/region.ts'

export interface ResidencyDeps {
  readonly regions: readonly (Region & { readonly clusters: readonly string[] })[]
  readonly servedRegionIds: ReadonlySet<string>
}

/** RES-02…05, RES-09, RES-10: which regions this server serves, by which hosts. Nothing here is a secret. */
export const createResidency = ({ regions, servedRegionIds }: ResidencyDeps): { readonly routes: readonly Route[] } => {
  const results = regions
    .filter(({ id }) => servedRegionIds.has(id))
    .map((region) => ({
      id: region.id,
      clusters: region.clusters,
      hosts: region.hosts,
      api_host: region.apiHost,
      data_host: region.dataHost,
      web_host: region.webHost,
      url: region.publicUrl,
    }))
  return {
    routes: [
      {
        surface: 'app',
        method: 'GET',
        path: '/api/app/regions',
        hostFamily: 'web',
        bodyBytesMax: 1024,
        access: { accepts: 'none' },
        handle: async () => jsonReply(200, { status: 'ok', results }),
      },
    ],
  }
}
