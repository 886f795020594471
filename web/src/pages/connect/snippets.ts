export interface Snippet {
  readonly id: string
  readonly label: string
  /** How the library is added to an application. */
  readonly install: string
  readonly code: string
}

export interface Target {
  /** Of the region's host, such as `https://eu.example.org`. */
  readonly url: string
  readonly token: string
}

/** One event from each library of docs/clients.md, to this project at its own host. */
export const snippetsOf = ({ url, token }: Target): readonly Snippet[] => {
  const { host, protocol } = new URL(url)
  const isTls = protocol === 'https:'
  const nodeHost = `host: '${host}'${isTls ? '' : ", protocol: 'http'"}`
  return [
    {
      id: 'javascript',
      label: 'JavaScript',
      install: 'npm install mixpanel-browser',
      code: `import mixpanel from 'mixpanel-browser'

mixpanel.init('${token}', { api_host: '${url}', batch_requests: false })
mixpanel.track('Hello')`,
    },
    {
      id: 'node',
      label: 'Node.js',
      install: 'npm install mixpanel',
      code: `import Mixpanel from 'mixpanel'

const mixpanel = Mixpanel.init('${token}', { ${nodeHost} })
mixpanel.track('Hello', { distinct_id: 'me' })`,
    },
    {
      id: 'python',
      label: 'Python',
      install: 'pip install mixpanel',
      code: `from mixpanel import Consumer, Mixpanel

mp = Mixpanel('${token}', consumer=Consumer(
    events_url='${url}/track', people_url='${url}/engage',
    groups_url='${url}/groups', import_url='${url}/import'))
mp.track('me', 'Hello')`,
    },
    {
      id: 'curl',
      label: 'HTTP',
      install: '',
      code: `curl '${url}/track?verbose=1' \\
  --header 'Content-Type: application/json' \\
  --data '[{"event":"Hello","properties":{"token":"${token}","distinct_id":"me"}}]'`,
    },
    {
      id: 'swift',
      label: 'iOS (Swift)',
      install: 'Swift package https://github.com/mixpanel/mixpanel-swift',
      code: `import Mixpanel

let options = MixpanelOptions(token: "${token}", serverURL: "${url}")
let mixpanel = Mixpanel.initialize(options: options)
mixpanel.track(event: "Hello")`,
    },
    {
      id: 'android',
      label: 'Android (Kotlin)',
      install: 'implementation("com.mixpanel.android:mixpanel-android:8.+")',
      code: `val options = MixpanelOptions.Builder().serverURL("${url}").build()
val mixpanel = MixpanelAPI.getInstance(this, "${token}", true, options)
mixpanel.track("Hello")`,
    },
    {
      id: 'react-native',
      label: 'React Native',
      install: 'npm install mixpanel-react-native',
      code: `import { Mixpanel } from 'mixpanel-react-native'

const mixpanel = new Mixpanel('${token}', false)
await mixpanel.init(false, {}, '${url}')
mixpanel.track('Hello')`,
    },
    {
      id: 'flutter',
      label: 'Flutter',
      install: 'flutter pub add mixpanel_flutter',
      code: `final mixpanel = await Mixpanel.init('${token}',
    trackAutomaticEvents: false, serverURL: '${url}');
mixpanel.track('Hello');`,
    },
    {
      id: 'unity',
      label: 'Unity',
      install: 'Package https://github.com/mixpanel/mixpanel-unity',
      code: `// Edit → Project Settings → Mixpanel
//   Token:            ${token}
//   API Host Address: ${url}/
Mixpanel.Track("Hello");`,
    },
    {
      id: 'ruby',
      label: 'Ruby',
      install: 'gem install mixpanel-ruby',
      code: `require 'mixpanel-ruby'

consumer = Mixpanel::Consumer.new('${url}/track', '${url}/engage', '${url}/groups', '${url}/import')
tracker = Mixpanel::Tracker.new('${token}') { |type, message| consumer.send!(type, message) }
tracker.track('me', 'Hello')`,
    },
    {
      id: 'php',
      label: 'PHP',
      install: 'composer require mixpanel/mixpanel-php',
      code: `$mp = Mixpanel::getInstance('${token}', [
  'host' => '${host}',${isTls ? '' : "\n  'use_ssl' => false,"}
]);
$mp->track('Hello', ['distinct_id' => 'me']);`,
    },
    {
      id: 'go',
      label: 'Go',
      install: 'go get github.com/mixpanel/mixpanel-go',
      code: `mp := mixpanel.NewApiClient("${token}", mixpanel.ProxyApiLocation("${url}"))
err := mp.Track(ctx, []*mixpanel.Event{mp.NewEvent("Hello", "me", nil)})`,
    },
    {
      id: 'java',
      label: 'Java',
      install: 'com.mixpanel:mixpanel-java',
      code: `MessageBuilder messages = new MessageBuilder("${token}");
MixpanelAPI mixpanel = new MixpanelAPI("${url}/track", "${url}/engage", "${url}/groups");
mixpanel.sendMessage(messages.event("me", "Hello", null));`,
    },
  ]
}
