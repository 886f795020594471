/**
 * ING-06: browser SDKs send batches with credentials, so the origin is echoed and `*` is never sent with credentials
 * (with `*` the batch is stored but the SDK cannot read the answer).
 */
export const corsHeaders = (origin: string | undefined): Record<string, string> =>
  origin === undefined
    ? { 'Access-Control-Allow-Origin': '*' }
    : {
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Credentials': 'true',
        'Access-Control-Expose-Headers': 'Retry-After, X-Request-Id',
        Vary: 'Origin',
      }

export const preflightHeaders = (
  origin: string | undefined,
  requestedHeaders: string | undefined,
): Record<string, string> => ({
  ...corsHeaders(origin),
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
  'Access-Control-Allow-Headers': [
    'Authorization, Content-Type, Content-Encoding, X-Requested-With',
    ...(requestedHeaders === undefined ? [] : [requestedHeaders.replace(/[^\w, -]/g, '')]),
  ].join(', '),
  'Access-Control-Max-Age': '86400',
})
