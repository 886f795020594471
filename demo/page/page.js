// Immediate, single requests with a callback, so that a click shows what came back. Nothing else is unusual.
const sdkOptions = (shop) => ({
  api_host: shop.apiHost,
  batch_requests: false,
  persistence: 'localStorage',
  name: shop.region,
  ignore_dnt: true,
  verbose: true,
})

const panelOf = (shop, other) => {
  const panel = document.querySelector('#shop').content.firstElementChild.cloneNode(true)
  const part = (selector) => panel.querySelector(selector)
  part('h2').textContent = `${shop.name} (${shop.region})`
  part('.host').textContent = shop.apiHost
  panel.dataset.region = shop.region
  const sdk = mixpanel.init(shop.token, sdkOptions(shop), shop.region.toLowerCase())

  const say = (text) => {
    const line = document.createElement('li')
    line.textContent = text
    part('.log').prepend(line)
  }

  const look = async () => {
    const id = sdk.get_distinct_id()
    part('.id').textContent = id
    part('.sending').textContent = sdk.has_opted_out_tracking() ? 'no, opted out' : 'yes'
    const held = await (await fetch(`/held?region=${shop.region}&id=${encodeURIComponent(id)}`)).json()
    const names = held.events.map(({ event }) => event).join(', ')
    part('.held').textContent =
      held.count === 0 ? 'nothing under this id' : `${held.count} ${held.count === 1 ? 'event' : 'events'}: ${names}`
  }

  const refresh = () => {
    look().catch((error) => {
      part('.held').textContent = `could not be read: ${error.message}`
    })
  }

  // Some calls are followed by requests of their own: look when those are through as well.
  const lookSoon = () => setTimeout(refresh, 300)

  const answered = (what) => (answer) => {
    say(`${what}: answer ${JSON.stringify(answer)}`)
    lookSoon()
  }

  const actions = {
    track: () => sdk.track('Button Clicked', { page: 'demo' }, answered('track')),
    identify: () => {
      sdk.identify(`visitor-${Math.random().toString(36).slice(2, 10)}`)
      sdk.track('Signed In', {}, answered('identify, then track'))
    },
    people: () => sdk.people.set({ $name: 'Visitor', plan: 'free' }, answered('people.set')),
    optOut: () => {
      sdk.opt_out_tracking()
      sdk.track('Not Sent', {}, answered('track after opt out (0: not sent)'))
    },
    optIn: () => {
      sdk.opt_in_tracking()
      say('opt in: the SDK sends $opt_in at once')
      lookSoon()
    },
    wrong: async () => {
      const properties = { token: shop.token, distinct_id: sdk.get_distinct_id() }
      const body = JSON.stringify([{ event: 'Stray', properties }])
      // A form keeps it a simple request, as the SDK sends it: no preflight.
      const response = await fetch(`${other.apiHost}/track/`, {
        method: 'POST',
        body: `data=${encodeURIComponent(body)}`,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      })
      answered(`to ${other.apiHost}`)(`${response.status} ${await response.text()}`)
    },
  }
  for (const button of panel.querySelectorAll('button')) {
    button.addEventListener('click', () =>
      Promise.resolve(actions[button.dataset.do]()).catch((error) => say(`failed: ${error.message}`)),
    )
  }
  refresh()
  return panel
}

const start = async () => {
  const [us, eu] = await (await fetch('/shops.json')).json()
  document.querySelector('#shops').append(panelOf(us, eu), panelOf(eu, us))
}

start().catch((error) => {
  document.querySelector('#shops').textContent = `The page could not be set up: ${error.message}`
})
