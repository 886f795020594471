// The little of `maxmind` 5 that is used here. To be removed with the package in package.json: this outdoes its own types.
declare module 'maxmind' {
  interface Names {
    readonly en?: string
  }
  /** A record of a City database; one of a Country database has the country only. */
  export interface CityResponse {
    readonly city?: { readonly names?: Names }
    readonly country?: { readonly iso_code?: string }
    readonly subdivisions?: readonly { readonly names?: Names }[]
    readonly location?: { readonly time_zone?: string }
  }
  export interface Reader<Response> {
    readonly metadata: { readonly ipVersion: number }
    get(address: string): Response | null
  }
  export function open<Response>(file: string): Promise<Reader<Response>>
}
