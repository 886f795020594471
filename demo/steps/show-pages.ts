import { call } from '../call.ts'
import { holdEqual, holdTrue } from '../hold.ts'
import { hostOf, type Tour } from '../tour.ts'

/** The web application of each region answers, and the privacy officer can log in to it. */
export const showPages = async (tour: Tour): Promise<void> => {
  const { print, installation } = tour
  print.step('Open the web application of each region')
  for (const shop of [installation.us, installation.eu]) {
    const base = hostOf(tour, shop)
    const page = await call('GET', `${base}/login`)
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.text)?.[1]
    const scriptStatus = script === undefined ? null : (await call('GET', `${base}${script}`)).status
    print.asked(`GET ${base}/login`)
    holdEqual(print, `${shop.region}: its host serves the pages`, [page.status, scriptStatus], [200, 200])
    const policy = page.headers.get('content-security-policy') ?? ''
    const isStrict = policy !== '' && !policy.includes('unsafe-inline')
    holdTrue(print, `${shop.region}: nothing inline may run in them`, isStrict, 'a strict policy', policy)
    const login = await call('POST', `${base}/api/app/login`, { headers: { Origin: base }, body: installation.officer })
    holdEqual(print, `${shop.region}: the privacy officer can log in`, login.status, 200)
  }
}
