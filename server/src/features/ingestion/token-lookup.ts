import type { Received } from '../../http/route.ts'
import type { Locate, Located } from '../../http/steps/locate.ts'

// A request normally names one project. Without a bound, 2000 invented tokens would be 2000 questions to the control store.
const tokenCountMax = 50

export type TokenPlace = Located | { readonly kind: 'surplus' }

/** Asks once per token and request where its project lives. */
export const createTokenLookup = (
  byToken: Locate['byToken'],
  request: Received,
): ((token: string) => TokenPlace | Promise<TokenPlace>) => {
  const known = new Map<string, Located>()
  const ask = async (token: string): Promise<TokenPlace> => {
    if (known.size >= tokenCountMax) return { kind: 'surplus' }
    const located = await byToken(token, request.region, 'api')
    known.set(token, located)
    return located
  }
  return (token) => known.get(token) ?? ask(token)
}
