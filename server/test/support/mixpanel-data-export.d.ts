// The package has no types of its own.
declare module 'mixpanel-data-export' {
  type Call = (parameters: object) => Promise<unknown>
  const MixpanelExport: new (options: {
    readonly api_key: string
    readonly api_secret: string
  }) => Readonly<Record<string, Call>>
  export = MixpanelExport
}
