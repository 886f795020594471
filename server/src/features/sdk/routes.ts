import { jsonReply, type Method, type OpenRoute, type Received, type Route } from '../../http/route.ts'

export interface SdkHandlers {
  /** Throws WrongRegion for a project of another region. */
  readonly refuseElsewhere: (request: Received) => Promise<void>
  readonly onRecording: () => void
  readonly validateCredentials: OpenRoute['handle']
}

interface SideCall {
  readonly methods: readonly Method[]
  readonly path: string
  /** Read by SDKs as it stands (ingestion §14). */
  readonly answer: object
  readonly bodyBytesMax: number
  readonly isRecording?: true
}

const taken = { code: 200, status: 'OK' }
const smallBytesMax = 1_024 * 1_024
// A recorder sends what happened in ten seconds, compressed; the first part holds the whole page.
const recordingBytesMax = 10 * 1_024 * 1_024

const sideCalls: readonly SideCall[] = [
  { methods: ['GET', 'POST'], path: '/flags', answer: { code: 200, flags: {} }, bodyBytesMax: smallBytesMax },
  { methods: ['GET'], path: '/flags/definitions', answer: { code: 200, flags: [] }, bodyBytesMax: smallBytesMax },
  { methods: ['POST'], path: '/flags/:flagId/first-time-events', answer: taken, bodyBytesMax: smallBytesMax },
  { methods: ['GET'], path: '/settings', answer: { sdk_config: { config: {} } }, bodyBytesMax: smallBytesMax },
  { methods: ['POST'], path: '/record', answer: taken, bodyBytesMax: recordingBytesMax, isRecording: true },
  {
    methods: ['GET', 'POST'],
    path: '/decide',
    answer: { notifications: [], surveys: [], config: {} },
    bodyBytesMax: smallBytesMax,
  },
]

/** ING-28: calls that SDKs make beside sending data. Whatever body comes is dropped unread. */
export const sdkRoutes = (handlers: SdkHandlers): readonly Route[] => [
  ...sideCalls.flatMap(({ methods, path, answer, bodyBytesMax, isRecording }) =>
    methods.map(
      (method): OpenRoute => ({
        surface: 'ingest',
        method,
        path,
        hostFamily: 'api',
        bodyBytesMax,
        access: { accepts: 'none' },
        handle: async (request) => {
          await handlers.refuseElsewhere(request)
          if (isRecording) handlers.onRecording()
          return jsonReply(200, answer)
        },
      }),
    ),
  ),
  {
    surface: 'app',
    method: 'POST',
    path: '/api/app/validate-project-credentials',
    hostFamily: 'web',
    bodyBytesMax: 16 * 1_024,
    access: { accepts: 'none' },
    handle: handlers.validateCredentials,
  },
]
