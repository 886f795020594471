import { holdEqual } from '../hold.ts'
import { count } from '../print.ts'
import { askSales, countSales, type Sales, salesPath } from '../questions.ts'
import { hostOf, type Tour } from '../tour.ts'

/** Questions of an analyst, against a plain loop over what was sent. */
export const askQuestions = async (tour: Tour): Promise<Readonly<Record<'US' | 'EU', Sales>>> => {
  const { print, installation, cast } = tour
  print.step('Ask what an analyst asks')
  const { subject, us, eu } = cast
  const sent = {
    US: [...us.history, ...us.recent],
    EU: [...eu.history, ...eu.recent, ...subject.events, ...subject.recentEvents],
  }
  const answered: Partial<Record<'US' | 'EU', Sales>> = {}
  for (const shop of [installation.us, installation.eu]) {
    const sales = await askSales(tour, shop)
    answered[shop.region] = sales
    print.asked(`GET ${hostOf(tour, shop)}${salesPath(shop, tour.nowMs, 'segmentation', '&type=unique&interval=90')}`)
    print.got(`${describeSales(sales)}`)
    holdEqual(
      print,
      `${shop.region}: as a plain loop over what was sent counts them`,
      sales,
      countSales(sent[shop.region]),
    )
  }
  return answered as Record<'US' | 'EU', Sales>
}

export const describeSales = ({ orders, buyers, cents }: Sales): string =>
  `${count(buyers)} people made ${count(orders)} orders of ${(cents / 100).toLocaleString('en-US', { minimumFractionDigits: 2 })} in all`
