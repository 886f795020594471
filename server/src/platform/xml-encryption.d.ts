// The package has no types of its own.
declare module 'xml-encryption' {
  type Done = (error: Error | null | undefined, text?: string) => void
  export const decrypt: (
    xml: string,
    options: { readonly key: string; readonly disallowDecryptionWithInsecureAlgorithm: boolean },
    done: Done,
  ) => void
  export const encrypt: (
    content: string,
    options: {
      readonly rsa_pub: string
      readonly pem: string
      readonly encryptionAlgorithm: string
      readonly keyEncryptionAlgorithm: string
      readonly disallowEncryptionWithInsecureAlgorithm?: boolean
      readonly warnInsecureAlgorithm?: boolean
    },
    done: Done,
  ) => void
}
