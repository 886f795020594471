import { exportPath } from './measure.ts'
import type { PageServer } from './page-server.ts'
import { hostOf, type Tour } from './tour.ts'

/** Addresses, credentials and lines to copy, for as long as the server stays up. */
export const printAddresses = (tour: Tour, page: PageServer): void => {
  const { print, installation, server } = tour
  const { us, eu, account, officer, gdprToken } = installation
  print.title('Yours until Ctrl-C')
  for (const shop of [us, eu]) print.plain(`web application, ${shop.region}       ${hostOf(tour, shop)}/login`)
  print.plain(`log in as                 ${officer.email}, password ${officer.password}`)
  print.plain(`a site with an SDK        ${page.url}`)
  print.plain(`server, any region        ${server.url}`)
  for (const shop of [us, eu]) {
    print.plain(`${shop.region} host                   ${hostOf(tour, shop)}`)
    print.plain(`${shop.region} project                ${shop.id}, token ${shop.token}, secret ${shop.secret}`)
  }
  print.plain(`service account           ${account.username}:${account.secret}`)
  print.plain(`GDPR token                ${gdprToken}`)
  print.title('Try')
  // Not every system knows *.localhost: curl is told where it is.
  const resolve = (region: 'us' | 'eu'): string => `--resolve ${region}.lethe.localhost:${server.port}:127.0.0.1`
  print.plain(
    `curl ${resolve('us')} ${hostOf(tour, us)}/track -H 'Content-Type: application/json' -d '[{"event":"Signed up","properties":{"token":"${us.token}","distinct_id":"user-17"}}]'`,
  )
  print.plain(
    `curl -s ${resolve('us')} -u ${account.username}:${account.secret} '${hostOf(tour, us)}${exportPath(us, tour.nowMs)}' | tail -1`,
  )
  print.plain(
    `curl ${resolve('us')} -H 'Authorization: Bearer ${gdprToken}' -d '{"distinct_ids":["user-17"]}' '${hostOf(tour, us)}/api/app/data-deletions/v3.0?token=${us.token}'`,
  )
}
