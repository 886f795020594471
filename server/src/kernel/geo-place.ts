/** Where an address is, in English, as a geo database says. Null: it does not say. */
export interface GeoPlace {
  readonly city: string | null
  readonly region: string | null
  /** ISO 3166-1, two letters. */
  readonly countryCode: string | null
  /** IANA name. */
  readonly timezone: string | null
}

/** PRIV-32: looks up in memory, keeps nothing of what it was asked. Null: nothing is known, or the text is no address. */
export type FindPlace = (address: string) => GeoPlace | null
