import type { Received, Route } from '../../http/route.ts'
import type { Locate } from '../../http/steps/locate.ts'
import type { ProjectDirectory } from '../../kernel/project.ts'
import { sdkRoutes } from './routes.ts'
import { createValidateCredentials } from './validate-credentials.ts'

export interface SdkDeps {
  readonly locate: Locate
  readonly projects: ProjectDirectory
  /** User name of an HTTP Basic header, unchecked; null: there is none. */
  readonly basicUserOf: (authorization: string | undefined) => string | null
  /** Null: it is no project's secret. */
  readonly projectIdOfSecret: (secret: string) => Promise<number | null>
  /** A part of a session recording came and was dropped. */
  readonly onRecording: () => void
}

/** Wires the side calls of SDKs (ING-28). */
export const createSdk = (deps: SdkDeps): { readonly routes: readonly Route[] } => ({
  routes: sdkRoutes({
    refuseElsewhere: createRefuseElsewhere(deps),
    onRecording: deps.onRecording,
    validateCredentials: createValidateCredentials(deps),
  }),
})

/**
 * CLIENTS A3: SDKs name their project by `token=` or as the user of a Basic header, some by both. A token of another
 * region is refused; an unknown one, or none, is answered like any other: there is nothing to protect.
 */
const createRefuseElsewhere =
  ({ locate, basicUserOf }: SdkDeps) =>
  async ({ query, headers, region }: Received): Promise<void> => {
    const tokens = new Set([query['token'] ?? '', basicUserOf(headers.authorization) ?? ''])
    for (const token of tokens) {
      const located = token === '' ? null : await locate.byToken(token, region, 'api')
      if (located?.kind === 'elsewhere') throw located.error
    }
  }
