import { call } from '../call.ts'
import { holdEqual, holdTrue } from '../hold.ts'
import { type PageServer, servePage } from '../page-server.ts'
import { hostOf, type Tour } from '../tour.ts'

/** Serves the page and checks what a browser needs of it and of the server: the files, and CORS with credentials. */
export const openPage = async (tour: Tour, onServed: (page: PageServer) => void): Promise<PageServer> => {
  const { print, installation } = tour
  print.step('Serve a page with mixpanel-browser, from another origin')
  const page = await servePage(tour)
  onServed(page)
  for (const path of ['', 'page.js', 'page.css', 'mixpanel.js', 'shops.json']) {
    const { status, text } = await call('GET', `${page.url}${path}`)
    holdTrue(print, `GET ${page.url}${path}`, status === 200 && text !== '', '200', status)
  }
  for (const shop of [installation.us, installation.eu]) {
    const origin = new URL(page.url).origin
    const url = `${hostOf(tour, shop)}/track/?verbose=1&ip=1`
    const event = {
      event: 'Page Opened',
      properties: { token: shop.token, $device_id: 'demo-page', distinct_id: '$device:demo-page' },
    }
    const answer = await call('POST', url, { headers: { Origin: origin }, body: [event] })
    const [allowed, withCredentials] = ['origin', 'credentials'].map((name) =>
      answer.headers.get(`access-control-allow-${name}`),
    )
    print.asked(`POST ${url}   Origin: ${origin}`)
    print.got(`${answer.status} ${answer.text}   allow-origin ${allowed}, allow-credentials ${withCredentials}`)
    holdEqual(
      print,
      `${shop.region}: a browser may send and read the answer`,
      [answer.status, allowed, withCredentials],
      [200, origin, 'true'],
    )
  }
  return page
}
